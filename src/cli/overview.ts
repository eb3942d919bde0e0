import type { Instant } from '../clock.ts';
import { needOf, toneOf, topicOf, urgency } from './need.ts';
import type { Screen } from './screen.ts';
import { conditionOf, isReady, meaningOf, type Seen, stateOf } from './seen.ts';
import { facts, table } from './table.ts';
import { age } from './when.ts';

/** So many are named of each state; `list` has them all. */
const namedOf = 12;

/** How many connections are in which state, and those that are not simply valid, with what to do. */
export function overview(screen: Screen, found: readonly Seen[], named: boolean, now: Instant): string {
  const states = worstFirst(Map.groupBy(found, stateOf));
  const open = worstFirst(Map.groupBy(found, topicOf)).filter(([topic]) => topic !== 'Valid');
  const ready = found.filter(isReady).length;
  const head = `${ready} of ${found.length} ready; ${needInWords(found)}`;
  const counts = table(
    screen,
    [{ title: 'STATE' }, { title: 'CONNECTIONS', align: 'right' }],
    states.map(([state, of]) => [
      { text: state, ...(of[0] !== undefined && { tone: toneOf(of[0]) }) },
      { text: String(of.length) },
    ]),
  );
  return [
    screen.paint(ready === found.length && open.length === 0 ? 'good' : 'warn', head),
    counts,
    ...open.map(([topic, of]) => section(screen, topic, of, named, now)),
  ].join('\n\n');
}

/** What is most urgent comes first, then what there is most of. */
const worstFirst = (groups: ReadonlyMap<string, readonly Seen[]>) =>
  [...groups].sort(([, a], [, b]) => rank(a) - rank(b) || b.length - a.length);
const rank = (of: readonly Seen[]): number => Math.min(...of.map((one) => urgency.indexOf(needOf(one))));

function section(screen: Screen, topic: string, of: readonly Seen[], named: boolean, now: Instant): string {
  const { means, remedy } = meaningOf(topic);
  const names = of.slice(0, namedOf).map((seen) => {
    const since = age(conditionOf(seen, 'Ready')?.lastTransitionTime, now);
    return `${named ? seen.key : seen.name} (${since})`;
  });
  const more = of.length - names.length;
  return [
    screen.paint('strong', topic),
    facts(screen, [
      ...(means === '' ? [] : [['Means', { text: means }] as const]),
      ...(remedy === '' ? [] : [['Do', { text: remedy }] as const]),
      ['Which', { text: `${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}` }],
    ]),
  ].join('\n');
}

function needInWords(found: readonly Seen[]): string {
  const count = found.filter((one) => needOf(one) !== 'No').length;
  if (count === 0) return found.length === 1 ? 'it needs nobody' : 'none needs anybody';
  return count === 1 ? '1 needs somebody' : `${count} need somebody`;
}
