import { seeded } from '../support/seeded.ts';
import { type Boundary, boundaryName, type Fault, faultName } from './fault.ts';
import { pulseName } from './pulse.ts';
import type { Plan } from './run.ts';
import type { Scenario } from './scenario.ts';

const kills: readonly Fault[] = [
  { kind: 'kill', moment: 'before' },
  { kind: 'kill', moment: 'between' },
  { kind: 'kill', moment: 'after' },
];
const lost: Fault = { kind: 'lost' };
const pauses: readonly Fault[] = [
  { kind: 'pause', moment: 'before' },
  { kind: 'pause', moment: 'between' },
];
const silences: readonly Fault[] = [
  { kind: 'silent', moment: 'before' },
  { kind: 'silent', moment: 'between' },
];
const replaced: readonly Fault[] = [500, 504].map((status) => ({ kind: 'replaced', status }));
const refused = (...statuses: readonly number[]): Fault[] => statuses.map((status) => ({ kind: 'refused', status }));

const isRead = ({ edge, label }: Boundary): boolean => edge === 'api' && label.startsWith('GET ');
/** A list: it has no name at its end. */
const isList = (boundary: Boundary): boolean => isRead(boundary) && /^GET (own )?([a-z]+|\/.*)$/.test(boundary.label);

/** The requests of a recording that count as boundaries of that scenario. */
const boundariesOf = (scenario: Scenario, crossed: readonly Boundary[]): Boundary[] =>
  crossed.filter((one) => !one.label.includes(pulseName) && (scenario.everyRead === true || !isList(one)));

/** All that is done to a scenario at one boundary. `commits`: it is the write that stores what Square gave. */
function faultsAt(scenario: Scenario, boundary: Boundary, commits: boolean): Fault[] {
  if (scenario.replicas === 2) return [...kills, ...pauses];
  const silent = /token$|-sealed$/.test(boundary.label) ? silences : [];
  if (boundary.edge === 'square') return [...kills, lost, ...silent, ...replaced, ...refused(401, 403, 429, 500, 504)];
  if (isRead(boundary)) return [...kills, ...refused(500)];
  // Events are told as well as may be: one refusal shows that nothing hangs on them.
  if (boundary.label.includes('events')) return [...kills, lost, ...refused(403)];
  const stubborn: Fault[] = commits ? [{ kind: 'refused and killed', status: 403, after: 3 }] : [];
  return [...kills, lost, ...silent, ...refused(403, 409, 429, 500), ...stubborn];
}

/** Every fault at every boundary of a scenario. */
export function plansOf(scenario: Scenario, crossed: readonly Boundary[]): Plan[] {
  const boundaries = boundariesOf(scenario, crossed);
  const commit = boundaries.findLast(({ label }) => label.endsWith('-sealed') && !label.startsWith('DELETE'));
  return boundaries.flatMap((boundary) =>
    faultsAt(scenario, boundary, boundary === commit).map((fault) => ({ scenario, strike: { boundary, fault } })),
  );
}

/** The name by which `--only` finds a plan again. */
export const planName = ({ scenario, strike }: Plan): string =>
  [scenario.name, ...(strike === undefined ? [] : [boundaryName(strike.boundary), faultName(strike.fault)])].join(
    ' · ',
  );

/** The same order for the same seed (Fisher and Yates). */
export function shuffled<T>(items: readonly T[], seed: number): T[] {
  const random = seeded(seed);
  const all = [...items];
  for (let i = all.length - 1; i > 0; i -= 1) {
    const j = Math.floor(random() * (i + 1));
    [all[i], all[j]] = [all[j] as T, all[i] as T];
  }
  return all;
}
