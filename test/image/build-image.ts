import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { buildBase, makeBases, runtimeBase } from './bases.ts';
import { type Buildah, openBuildah } from './buildah.ts';
import { run } from './run.ts';

const root = resolve(import.meta.dirname, '../..');

export interface ImageWish {
  /** With a registry, as in `localhost/square-operator:test`. */
  readonly tag: string;
  /** A folder for buildah's storage and the archive. Whoever made it removes it. */
  readonly dir: string;
  /** What the Dockerfile has as REVISION. */
  readonly revision?: string;
  /** Times of files and of the image, in seconds. */
  readonly madeAt?: number;
}

export interface BuiltImage {
  readonly tag: string;
  /** The image as an OCI archive under its tag: `ctr images import`, `podman load`, `skopeo copy oci-archive:`. */
  readonly archive: string;
  readonly buildah: Buildah;
}

/**
 * Builds the image by the project's Dockerfile, without an engine and without pulling one: buildah runs it in a chroot, as
 * root, on base images that are made of this machine's own programs. npm fetches the locked packages, from its cache where
 * it has them. Takes about a minute.
 */
export async function buildImage({ tag, dir, revision = 'unknown', madeAt = 0 }: ImageWish): Promise<BuiltImage> {
  const storage = join(dir, 'b');
  await mkdir(storage, { recursive: true, mode: 0o700 });
  const buildah = await openBuildah(storage);
  if (!(await buildah(['images', '--format={{.Name}}'])).includes(runtimeBase.split(':')[0] ?? ''))
    await makeBases(buildah, storage);
  const cache = (await run('npm', ['config', 'get', 'cache'])).trim();
  await mkdir(cache, { recursive: true });
  const args = { NODE_IMAGE: buildBase, BASE_IMAGE: runtimeBase, REVISION: revision, SOURCE_DATE_EPOCH: madeAt };
  const buildArgs = Object.entries(args).map(([name, value]) => `--build-arg=${name}=${value}`);
  const how = ['--isolation=chroot', '--pull-never', '--no-cache', '--format=oci', `--timestamp=${madeAt}`];
  await buildah(['build', ...how, ...buildArgs, `--volume=${cache}:/root/.npm`, `--tag=${tag}`, root]);
  const archive = join(dir, 'square-operator.oci.tar');
  await buildah(['push', tag, `oci-archive:${archive}:${tag}`]);
  return { tag, archive, buildah };
}
