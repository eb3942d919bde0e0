/** Minor versions of Kubernetes, both supported, and so are all between them. */
interface SupportedKubernetes {
  readonly oldest: `1.${number}`;
  readonly newest: `1.${number}`;
}

/** On the oldest and on the newest of them every integration test passes (`npm run test:versions`). */
export const supportedKubernetes: SupportedKubernetes = { oldest: '1.33', newest: '1.36' };

/** Where a version of Kubernetes as a server tells it (`v1.34.2-gke.1`, `v1.36.3+k3s1`) stands; `undefined`: it tells none. */
export function supportOf(gitVersion: string): 'Supported' | 'Older' | 'Newer' | undefined {
  const found = /^v?(\d+\.\d+)(?!\d)/.exec(gitVersion)?.[1];
  if (found === undefined) return undefined;
  if (order(found) < order(supportedKubernetes.oldest)) return 'Older';
  return order(found) > order(supportedKubernetes.newest) ? 'Newer' : 'Supported';
}

function order(version: string): number {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major * 1_000 + minor;
}
