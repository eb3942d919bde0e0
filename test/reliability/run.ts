import { performance } from 'node:perf_hooks';
import type { Party } from '../support/scene.ts';
import { type Place, placesThatHold } from './custody.ts';
import { type Death, lookAt, unwritten } from './death.ts';
import type { Boundary, Fault } from './fault.ts';
import { differences, journalTimes, single } from './journal-times.ts';
import { type Counts, judge } from './observer.ts';
import { comeToRest, type Rest } from './rest.ts';
import type { Scenario } from './scenario.ts';
import { expireLease, openStage, type Stage, type Theatre } from './stage.ts';

/** One run: a scenario, and what happens to replica 0 at one boundary. */
export interface Plan {
  readonly scenario: Scenario;
  readonly strike?: { readonly boundary: Boundary; readonly fault: Fault };
}

export interface Outcome extends Counts {
  readonly plan: Plan;
  /** What crossed of replica 0 while the scenario went on. */
  readonly crossed: readonly Boundary[];
  /** Whether the fault struck: its boundary may not come up in every run. */
  readonly struck: boolean;
  readonly violations: readonly string[];
  /** A token that the operator was handed, or could have been, and that nobody can find any more. */
  readonly tokensLost: number;
  /**
   * Killed between the arrival of a reply and its being on disk, which no program can prevent: so many milliseconds after
   * the reply was handed over, less than zero where the process was killed first.
   */
  readonly killedInWindow?: number;
  /** Square's answer never reached the operator: the seller has to sign in again, and the status says so. */
  readonly answerLost: boolean;
  /** Where the newest token lay when the process had been killed. */
  readonly foundIn: readonly Place[];
  /** From the arrival of a reply to its being on disk, milliseconds, as the operator logs it. */
  readonly windows: readonly number[];
  readonly took: number;
  /** The last lines of each process, for a run with violations. */
  readonly log: string;
}

/** Plays one run from nothing and judges it. What breaks on the way is a violation, too, and ends no other run. */
export async function play(theatre: Theatre, plan: Plan): Promise<Outcome> {
  const began = performance.now();
  const { end, ...seen } = await onStage(theatre, plan).catch((error: Error) => ({
    end: broken(`its stage could not be set up or cleared: ${error.message}`),
    crossed: [],
    struck: false,
    log: '',
  }));
  return { ...end, ...seen, plan, took: performance.now() - began };
}

async function onStage(theatre: Theatre, plan: Plan) {
  const stage = await openStage(theatre, plan.scenario.replicas);
  try {
    const end = await playOn(stage, plan).catch(({ message }: Error) => broken(`${message}\n${conditionsOf(stage)}`));
    return {
      end,
      crossed: stage.script.crossed(0),
      struck: stage.script.struck(),
      log: end.violations.length === 0 ? '' : logOf(stage),
    };
  } finally {
    await stage.close();
  }
}

type End = Omit<Outcome, 'plan' | 'crossed' | 'struck' | 'took' | 'log'>;

const broken = (why: string): End => ({
  violations: [`the run could not be played: ${why}`],
  tokensLost: 0,
  duplicateExchanges: 0,
  falseRevoked: 0,
  answerLost: false,
  foundIn: [],
  windows: [],
});

async function playOn(stage: Stage, plan: Plan): Promise<End> {
  const { scenario, strike } = plan;
  const { script } = stage;
  const party = await scenario.prepare(stage);
  const revokedFrom = scenario.revokes === true ? versionsOf(stage) : undefined;
  const before = await journalTimes(stage);
  script.arm(strike && { ...strike, replica: 0 });
  await scenario.act(stage, party);
  const reached = () => scenario.reached(stage, party);
  await stage.live.until('it has happened', happened(stage, plan, reached), untilStruck).catch(() => script.arm());
  const death = script.struck() && kills(strike?.fault) ? await lookAt(stage) : undefined;
  const then = await loss(stage, party, death);
  const rest = await recover(stage, plan, reached, then.excused);
  const final = unlessFound(then, await loss(stage, party, death));
  const verdict = await judge(stage, {
    answerInDoubt: script.struck() && leavesDoubt(strike),
    ...(revokedFrom === undefined ? {} : { revokedFrom }),
  });
  const lostThen = death !== undefined && then.lost;
  const atRest = rest === (final.excused ? 'told' : 'reached');
  return {
    violations: [
      ...(lostThen
        ? [`when the process was dead, the refresh token that it had been handed was nowhere (${then.told})`]
        : []),
      ...(final.lost ? [`the refresh token that the operator was handed is nowhere to be found (${final.told})`] : []),
      ...(atRest ? [] : [`${restless[rest]}\n${conditionsOf(stage)}`]),
      ...verdict.violations,
    ],
    tokensLost: lostThen || final.lost ? 1 : 0,
    ...(then.inWindow === undefined ? {} : { killedInWindow: then.inWindow }),
    answerLost: final.excused && final.inWindow === undefined,
    foundIn: then.places,
    windows: [...before.values(), ...differences(before, await journalTimes(stage))].flatMap(single),
    ...verdict.counts,
  };
}

/** A boundary that does not come up within this time, in milliseconds, does not come up in this run. */
const untilStruck = 15_000;
/** What is told of what was done comes so much later, at most. */
const afterwards = 3_000;

/** Whether the fault has struck. It may be at an event, which is told when all is done. */
function happened({ script }: Stage, { strike }: Plan, reached: () => boolean): () => boolean {
  if (strike === undefined) return reached;
  let reachedAt: number | undefined;
  return () => {
    if (script.struck()) return true;
    if (reached()) reachedAt ??= performance.now();
    if (reachedAt === undefined || performance.now() - reachedAt < afterwards) return false;
    script.arm();
    return true;
  };
}

/** Whether the fault can keep from the operator what Square answered. */
const leavesDoubt = (strike: Plan['strike']): boolean =>
  strike?.fault.kind === 'pause' ||
  kills(strike?.fault) ||
  (strike?.boundary.edge === 'square' && ['lost', 'silent', 'replaced'].includes(strike.fault.kind));

const versionsOf = ({ live, namespace }: Stage): number => live.versions('connections', namespace).length;

const restless: Readonly<Record<Rest, string>> = {
  reached: 'the status does not say that the authorization was lost',
  told: 'the operator gave the authorization up although it was not lost',
  never: 'the operator did not come to rest',
};

/** Brings back what was killed or stopped, and waits until the operator has done all that it will do. */
async function recover(
  stage: Stage,
  { scenario, strike }: Plan,
  reached: () => boolean,
  mayBeTold: boolean,
): Promise<Rest> {
  const kind = stage.script.struck() ? strike?.fault.kind : undefined;
  const gone = kind !== undefined && kills(strike?.fault);
  // An attempt that was seen to be open is waited out; longer where its holder may still live in another place.
  // An own time limit of the operator's is half a minute.
  const patience = scenario.replicas === 2 && scenario.singleUse ? 80_000 : kind === 'silent' ? 60_000 : 15_000;
  if (scenario.replicas === 2 && (gone || kind === 'pause')) {
    // The other replica takes over when the lease has run out, and does what it can.
    await comeToRest(stage, reached, { mayPassTime: gone, mayBeTold: true, patience });
  }
  if (kind === 'pause') {
    stage.process(0).resume();
    stage.script.release();
  }
  if (gone) {
    if (scenario.replicas === 1) await expireLease(stage);
    await stage.start(0);
  }
  return await comeToRest(stage, reached, { mayPassTime: true, mayBeTold, patience });
}

const kills = (fault: Fault | undefined): boolean => fault?.kind === 'kill' || fault?.kind === 'refused and killed';

interface Loss {
  readonly lost: boolean;
  /** The operator was never handed the answer, or had no time to keep it. */
  readonly excused: boolean;
  /** Killed between the arrival of the answer and its being on disk, so many milliseconds after it. */
  readonly inWindow?: number;
  readonly places: readonly Place[];
  /** What is known about it, for people. */
  readonly told: string;
}

/** What lay somewhere when the process was dead was in time: nothing excuses that it is nowhere later. */
const unlessFound = (then: Loss, later: Loss): Loss =>
  then.places.length > 0 && later.inWindow !== undefined ? { ...later, lost: true, excused: false } : later;

const nothingLost: Loss = { lost: false, excused: false, places: [], told: '' };

/**
 * Looks for the newest refresh token that Square issued to the operator and that still lives. One that was presented
 * itself (multi-use) can be had again, as long as it lies where it was taken from.
 */
async function loss(stage: Stage, { merchantID, clientID }: Party, death: Death | undefined): Promise<Loss> {
  const { square, script, namespace } = stage;
  const newest = square.ledger.tokenRequests({ merchantID, outcome: 'issued' }).at(-1);
  const live = square.ledger.liveRefreshTokens({ merchantID }).find(({ value }) => value === newest?.refreshToken);
  if (newest === undefined || live === undefined) return nothingLost;
  const binding = { namespace, name: 'shop', environment: 'Production', clientID } as const;
  const places = await placesThatHold(stage, binding, live.value);
  if (places.length > 0) return { ...nothingLost, places };
  if (newest.presented === live.value) return nothingLost;
  const request = script.tokenRequests.find(({ presented }) => presented === newest.presented);
  if (request?.deliveredAt === undefined)
    return { ...nothingLost, excused: true, told: 'its answer was never handed over' };
  if (death === undefined) return { ...nothingLost, lost: true, told: 'nothing was killed' };
  const { inTime, hadFor, told } = unwritten(death, script, request);
  return { places, lost: !inTime, excused: inTime, ...(inTime ? { inWindow: hadFor } : {}), told };
}

function conditionsOf({ live, namespace }: Stage): string {
  return live
    .all('connections', namespace)
    .map(({ metadata, status }) => {
      const conditions = (status?.conditions ?? []).map(({ type, status: is, reason }) => `${type}=${is}/${reason}`);
      const failure = status?.lastFailure;
      return `  ${metadata.name} rev ${status?.revision ?? '-'}: ${conditions.join(' ')} ${failure?.message ?? ''}`;
    })
    .join('\n');
}

function logOf({ processes }: Stage): string {
  return processes
    .map(({ log }, i) => `process ${i + 1}:\n${log.join('').trimEnd().split('\n').slice(-15).join('\n')}`)
    .join('\n');
}
