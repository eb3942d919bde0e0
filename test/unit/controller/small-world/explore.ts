import { days, hours, minutes } from '../../../../src/clock.ts';
import { textOf } from '../../../../src/secrets/secret-text.ts';
import type { Call } from '../model/process.ts';
import type { Choice, ChoicePoint } from './choices.ts';
import { connection } from './ledger.ts';
import type { Scenario } from './scenarios.ts';
import { createSmallWorld, type SmallWorld } from './small-world.ts';
import type { Loss } from './witness.ts';

/** How a run ended. */
export type Ending =
  /** The newest token is held, accepted and published. */
  | 'Ready'
  /** Square's answer reached nobody: the seller has to sign in again, the old token stays published, and the status says so. */
  | 'Lost'
  /** Two answers are unknown, and nobody may present the token again although it lives: the status says so. */
  | 'In doubt';

export interface Run {
  readonly scenario: string;
  readonly choices: readonly Choice[];
  readonly ending: Ending;
  /** Of the newest token. */
  readonly loss: Loss | undefined;
  /** Whether it came to a sign-in: a replica that ends sooner never asks what the seller comes in between. */
  readonly signedIn: boolean;
  readonly violations: readonly string[];
  readonly edges: number;
  /** Where the list could have gone on. */
  readonly open: readonly ChoicePoint[];
}

/** Plays a scenario with a list of choices, and comes to rest. */
export async function play(
  scenario: Scenario,
  choices: readonly Choice[],
  onState: (digest: string) => void = () => {},
): Promise<Run> {
  const { replicas, singleUse, given } = scenario;
  const onCall = (call: Call): void => scenario.during?.(world, call);
  const world: SmallWorld = createSmallWorld({ choices, replicas, singleUse, given, onState, onCall });
  await scenario.prepare(world);
  world.begin();
  await scenario.begin(world);
  await world.advance(window);
  if (isInDoubt(world)) await world.advance(onceMoreWithin);
  world.end();
  const ending = await rest(world);
  return {
    scenario: scenario.name,
    choices,
    ending,
    loss: world.witness.lost.get(world.witness.newest().at(-1) ?? ''),
    signedIn: world.witness.anyoneSignedIn(),
    violations: world.violations,
    edges: world.edges(),
    open: world.open,
  };
}

/** Things befall the replicas for so long: a pause, the other's work, and what comes after. */
const window = minutes(13);

/** A token that may be used up is presented once more within so long: things befall that request, too. */
const onceMoreWithin = hours(25);

function isInDoubt({ ledger }: SmallWorld): boolean {
  const { attempt, doubts = [] } = ledger.record() ?? {};
  return attempt !== undefined || doubts.some(({ unanswered }) => unanswered > 0);
}

/** So long all goes well, until it is settled. */
const patience = [minutes(12), hours(1), hours(6), days(1), days(3)];

async function rest(world: SmallWorld): Promise<Ending> {
  let ending: Ending | undefined;
  for (const by of patience) {
    if (world.violations.length > 0) break;
    await world.advance(by);
    const before = ending;
    ending = endingOf(world);
    if (ending === 'Ready' || (by >= hours(6) && ending !== undefined && ending === before)) return ending;
    // What a leader leaves behind is found by the next one.
    world.replicas.handOver();
    await world.settle();
  }
  if (ending === undefined && world.violations.length === 0) {
    world.violations.push(`it does not come to rest: ${JSON.stringify(describe(world))}`);
  }
  return ending ?? 'In doubt';
}

/** `undefined`: it is not at rest, or not as it should be. */
function endingOf({ witness, ledger, replicas, api, violations, square }: SmallWorld): Ending | undefined {
  if (violations.length > 0 || !replicas.settled()) return undefined;
  if (replicas.leader()?.idle() !== true) return undefined;
  if (replicas.all.some(({ process }) => process.busy() || process.controller.settlement.count() > 0)) return undefined;
  if (ledger.escrowed().length > 0 || replicas.all.some((replica) => ledger.journalled(replica).length > 0))
    return undefined;
  const record = ledger.record();
  const conditions = new Map(witness.conditions().map((one) => [one.type, one]));
  const secret = api.find('secrets', connection);
  const current = secret !== undefined && textOf(secret, 'access-token') === record?.accessToken;
  const ready = conditions.get('Ready')?.status === 'True' && current;
  const newest = witness.newest().at(-1) ?? '';
  const renewable = conditions.get('Renewable')?.status === 'True';
  if (ready && renewable && record?.refreshToken === newest && record.attempt === undefined) return 'Ready';
  const told = [...conditions.values()].some(({ reason }) => sayings.includes(reason)) || toldOfCredential(api);
  // What was published before stays, that of a seller who is not pinned any more, too; where nothing was held, nothing is.
  const unpinned = current && conditions.get('Ready')?.reason === 'OtherMerchant';
  const kept = record?.accessToken === undefined ? secret === undefined : ready || unpinned;
  if (!told || !kept) return undefined;
  if (witness.lost.has(newest)) return 'Lost';
  return square.refreshTokens.get(newest)?.live === true && witness.whereIs(newest) === 'Reachable'
    ? 'In doubt'
    : undefined;
}

const sayings: readonly string[] = ['RotationOutcomeLost', 'RefreshRefused', 'CredentialRefused'];

/** Beside a held grant a credential that is lost is told of as a failure. */
function toldOfCredential(api: SmallWorld['api']): boolean {
  const status = api.find('squareconnections', connection)?.['status'] as
    | { lastFailure?: { operation: string; reason: string } }
    | undefined;
  const failure = status?.lastFailure;
  return failure?.operation === 'TakeUp' && ['RotationOutcomeLost', 'RefreshTokenRefused'].includes(failure.reason);
}

const describe = ({ witness, ledger }: SmallWorld): unknown => ({
  conditions: witness.conditions().map(({ type, status, reason }) => `${type}=${status}/${reason}`),
  record: ledger.record(),
  newest: witness.newest().map((token) => [token, witness.whereIs(token), witness.lost.has(token)]),
  state: witness.state(),
});

export interface ExploreOptions {
  readonly scenarios: readonly Scenario[];
  /** The most choices other than that all goes well. */
  readonly faults: number;
  /** Whether what happens beside the rotation itself follows other choices, too, and not only leads them. */
  readonly everywhere?: boolean;
  readonly onRun?: (run: Run) => void;
}

export interface Figures {
  readonly runs: number;
  /** Distinct states at the edges: records, statuses, what is published, Square's ledger, journals, escrow, replicas, lease. */
  readonly states: number;
  /** Edges passed. */
  readonly transitions: number;
  /** Runs in which nobody has the newest token, by why: no other loss is accepted. */
  readonly lost: Readonly<Record<Loss, number>>;
  readonly inDoubt: number;
  readonly violated: readonly Run[];
}

/** Plays every list of choices within the bound, once. The same scenarios and bound always give the same runs. */
export async function explore({ scenarios, faults, everywhere = false, onRun }: ExploreOptions): Promise<Figures> {
  const states = new Set<string>();
  const lost: Record<Loss, number> = { Unheard: 0, 'Before the disk': 0 };
  const figures = { runs: 0, transitions: 0, inDoubt: 0 };
  const violated: Run[] = [];
  for (const scenario of scenarios) {
    const lists: Choice[][] = [[]];
    for (let list = lists.pop(); list !== undefined; list = lists.pop()) {
      const run = await play(scenario, list, (digest) => states.add(digest));
      onRun?.(run);
      figures.runs++;
      figures.transitions += run.edges;
      if (run.loss !== undefined) lost[run.loss]++;
      if (run.ending === 'In doubt') figures.inDoubt++;
      if (run.violations.length > 0) violated.push(run);
      else if (list.length < faults) lists.push(...longer(list, run.open, everywhere));
    }
  }
  return { ...figures, lost, states: states.size, violated };
}

/** The lists that have one choice more. */
function longer(list: Choice[], open: readonly ChoicePoint[], everywhere: boolean): Choice[][] {
  const further = open.filter(({ central }) => everywhere || list.length === 0 || central);
  return further.flatMap(({ name, alternatives }) =>
    alternatives.map((befall): Choice[] => [...list, `${name}: ${befall}`]),
  );
}
