import { supportedKubernetes } from '../../src/supported.ts';

/** What the control plane of one version of Kubernetes is made of. */
export interface Release {
  /** Version of the Go module `k8s.io/kubernetes`. */
  readonly kubernetes: `v${string}`;
  /** Version of the Go module `go.etcd.io/etcd/server/v3`. */
  readonly etcd: `v${string}`;
  /** Tag of the image `rancher/k3s`. */
  readonly k3s: string;
}

/** The versions that tests run on, by their minor version: every pin of them is here. */
const releases: Readonly<Record<string, Release>> = {
  '1.36': { kubernetes: 'v1.36.3', etcd: 'v3.6.16', k3s: 'v1.36.3-k3s1' },
  '1.33': { kubernetes: 'v1.33.13', etcd: 'v3.6.16', k3s: 'v1.33.13-k3s1' },
};

/** The minor versions that there are control planes of, the newest first. */
export const releaseNames: readonly string[] = Object.keys(releases);

/** Throws, naming those there are, for a version that there is no control plane of. */
export function releaseNamed(minor: string): Release {
  const release = releases[minor];
  if (release === undefined) {
    throw new Error(`There is no control plane of Kubernetes "${minor}"; there are ${releaseNames.join(', ')}.`);
  }
  return release;
}

/** What runs where nobody asks for a version. */
export const newest: Release = releaseNamed(supportedKubernetes.newest);

/** The one that is asked for; `KUBERNETES_VERSION=1.33` asks where there are no flags. `undefined`: any will do. */
export function releaseAskedFor(minor: string | undefined = process.env.KUBERNETES_VERSION): Release | undefined {
  return minor === undefined || minor === '' ? undefined : releaseNamed(minor);
}

/** The same where one has to be had. */
export const releaseToBuild = (): Release => releaseAskedFor() ?? newest;

/** `1.36` of `v1.36.3`, and of `v1.36.3+k3s1`. */
export const minorOf = (gitVersion: string): string => /^v?(\d+\.\d+)/.exec(gitVersion)?.[1] ?? gitVersion;
