import type { Instant } from '../clock.ts';
import type { Screen } from './screen.ts';
import { conditionOf, isReady, meaningOf, type Seen, stateOf, toneOf } from './seen.ts';
import { facts, table } from './table.ts';
import { age } from './when.ts';

/** So many are named of each state; `list` has them all. */
const namedOf = 12;

/** How many connections are in which state, and those that need somebody, with what to do. */
export function overview(screen: Screen, found: readonly Seen[], named: boolean, now: Instant): string {
  const byState = Map.groupBy(found, stateOf);
  const states = [...byState.entries()].sort(([, a], [, b]) => rank(a) - rank(b) || b.length - a.length);
  const ready = found.filter(isReady).length;
  const head = `${ready} of ${found.length} ready`;
  const counts = table(
    screen,
    [{ title: 'STATE' }, { title: 'CONNECTIONS', align: 'right' }],
    states.map(([state, of]) => [
      { text: state, ...(of[0] !== undefined && { tone: toneOf(of[0]) }) },
      { text: String(of.length) },
    ]),
  );
  const troubled = states.filter(([state]) => state !== 'Valid');
  return [
    screen.paint(ready === found.length ? 'good' : 'warn', head),
    counts,
    ...troubled.map(([state, of]) => section(screen, state, of, named, now)),
  ].join('\n\n');
}

/** What is worst comes first. */
function rank([first]: readonly Seen[]): number {
  const tone = first === undefined ? 'good' : toneOf(first);
  return tone === 'bad' ? 0 : tone === 'warn' ? 1 : 2;
}

function section(screen: Screen, state: string, of: readonly Seen[], named: boolean, now: Instant): string {
  const { means, remedy } = meaningOf(state);
  const names = of.slice(0, namedOf).map((seen) => {
    const since = age(conditionOf(seen, 'Ready')?.lastTransitionTime, now);
    return `${named ? seen.key : seen.name} (${since})`;
  });
  const more = of.length - names.length;
  return [
    screen.paint('strong', state),
    facts(screen, [
      ...(means === '' ? [] : [['Means', { text: means }] as const]),
      ...(remedy === '' ? [] : [['Do', { text: remedy }] as const]),
      ['Which', { text: `${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}` }],
    ]),
  ].join('\n');
}
