import type { Asked } from './crossing.ts';

/** What a request is about, in words that are the same in every run: no name of a namespace, no UID. */
export function labelOf({ edge, method, path, body }: Asked, operatorNamespace: string): string {
  const [bare = '', query = ''] = path.split('?', 2);
  if (edge === 'square') return `${method} ${bare}`;
  const [, namespace, rest = bare] = /\/namespaces\/([^/]+)\/(.+)$/.exec(bare) ?? [];
  const where = namespace === operatorNamespace ? 'own ' : '';
  const name = method === 'POST' ? nameIn(body) : undefined;
  const what = rest.startsWith('events') ? 'events' : name === undefined ? rest : `${rest}/${name}`;
  const dryRun = query.includes('dryRun=All') ? ' (dry run)' : '';
  return `${method} ${where}${what.replaceAll(uid, 'UID')}${dryRun}`;
}

const uid = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

function nameIn(body: string): string | undefined {
  try {
    return (JSON.parse(body) as { metadata?: { name?: string } }).metadata?.name;
  } catch {
    return undefined;
  }
}

/** Lists and leases go on by themselves, so how many there are depends on how long a run takes. */
export const isBackground = ({ edge, path, watch }: Asked): boolean =>
  edge === 'api' && (watch || /\/leases\b/.test(path));
