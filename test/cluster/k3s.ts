import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Provider, Report } from './provider.ts';
import { recordContainer, removeFiles, writePrivately } from './record.ts';
import { newest, type Release } from './releases.ts';

const image = (release: Release = newest) => process.env.K3S_IMAGE || `rancher/k3s:${release.k3s}`;

/**
 * k3s in a container. Its image is `K3S_IMAGE`, or that of the version of Kubernetes that is asked for; the
 * network is `K3S_NETWORK_MODE`, for engines that have no bridge.
 */
export const k3s: Provider = {
  name: 'k3s',
  howToGet:
    'start a Docker engine, or point DOCKER_HOST at the socket of one (podman’s will do), that has or can pull the image K3S_IMAGE',
  async available(report, release) {
    // Only here, for it takes most of a second to load.
    const { getContainerRuntimeClient } = await import('testcontainers');
    try {
      await getContainerRuntimeClient();
    } catch {
      return 'no Docker engine answers';
    }
    return (
      (await pulled(report, image(release))) || `the Docker engine neither has nor can pull the image ${image(release)}`
    );
  },
  async start({ dir, report, release, outlive = false }) {
    // The companion that removes the containers of a dead process would remove this one too.
    if (outlive) process.env.TESTCONTAINERS_RYUK_DISABLED = 'true';
    const { K3sContainer } = await import('@testcontainers/k3s');
    report.progress(`Starting ${image(release)} …`);
    await mkdir(dir, { recursive: true, mode: 0o700 });
    class Container extends K3sContainer {
      protected override containerCreated = async (id: string) => {
        // At once: a start that is interrupted must not leave a container that nobody knows.
        if (outlive) await recordContainer(dir, id);
      };
    }
    const container = new Container(image(release));
    if (process.env.K3S_NETWORK_MODE) container.withNetworkMode(process.env.K3S_NETWORK_MODE);
    const started = await container.start().finally(() => report.progress(undefined));
    const kubeconfig = join(dir, 'kubeconfig');
    await writePrivately(kubeconfig, started.getKubeConfig());
    return {
      kubeconfig,
      async stop() {
        await started.stop({ remove: true, removeVolumes: true });
        await removeFiles(dir);
      },
    };
  },
};

async function pulled(report: Report, image: string): Promise<boolean> {
  const { getContainerRuntimeClient, ImageName } = await import('testcontainers');
  const client = await getContainerRuntimeClient();
  const name = ImageName.fromString(image);
  if (await client.image.exists(name)) return true;
  report.progress(`Pulling ${image} …`);
  try {
    await client.image.pull(name);
    return true;
  } catch {
    return false;
  } finally {
    report.progress(undefined);
  }
}
