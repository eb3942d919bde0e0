import { squareConnections } from '../api/names.ts';
import type { Duration } from '../clock.ts';
import { KubeError } from '../kube/client.ts';
import type { KubeObject } from '../kube/resource.ts';
import type { Answer, Ask, Asked } from './asks.ts';
import type { Cluster, ServerTime } from './cluster.ts';
import { explain } from './explain.ts';
import { aborted, type Following, follow, scopesOf } from './follow.ts';
import { conditionOf, type Seen, see, stateOf } from './seen.ts';

/** How one connection came out. */
export interface Result {
  readonly seen: Seen;
  readonly outcome: 'Done' | 'Refused' | 'TimedOut' | 'Interrupted' | 'Failed' | 'Requested' | 'WouldBeAsked';
  readonly reason?: string;
  readonly message: string;
}

/**
 * So many are under way at once. A request that the application's budget keeps waiting for 15 minutes would be too old to
 * act on, so no more are made than even a small budget gets through in that time.
 */
const atOnce = 200;

/** Without waiting, so many requests to the API server at once. */
const writesAtOnce = 20;

export interface CarryingOut {
  readonly cluster: Cluster;
  readonly ask: Ask;
  /** The API server's clock. */
  readonly time: ServerTime;
  /** Without it nobody waits for the answers. */
  readonly timeout?: Duration;
  readonly signal: AbortSignal;
  onResult(result: Result): void;
}

/** Asks this of each connection and waits for the operator's answers, which come by watches. Never throws for one of them. */
export async function carryOut(connections: readonly Seen[], how: CarryingOut): Promise<void> {
  if (connections.length === 0) return;
  if (how.timeout === undefined) return askOnly(connections, how);
  await askAndWait(connections, how, how.timeout);
}

/** What of an answer is told. */
export const resultOf = (answer: Answer): Omit<Result, 'seen'> =>
  answer.is === 'Yes'
    ? { outcome: 'Done', message: answer.says }
    : { outcome: 'Refused', reason: answer.reason, message: answer.says };

/** Gives the object with the request in it, or how it failed. */
async function request(seen: Seen, how: CarryingOut): Promise<Asked | Result> {
  const { cluster, ask, time } = how;
  const { clock, client } = cluster;
  const at = new Date(clock.wall() - (time.ahead ?? 0)).toISOString();
  try {
    const patch = ask.patch(at) as { metadata?: object };
    // The object that was seen, and no other that bears its name since.
    const metadata = { ...patch.metadata, uid: seen.object.metadata.uid };
    const object = await client.mergePatch(squareConnections, seen.namespace, seen.name, { ...patch, metadata });
    return { at, generation: object.metadata.generation ?? 0, revision: seen.status.revision ?? 0 };
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
    return { seen, outcome: 'Failed', reason: error.reason, message: explain(error).message };
  }
}

async function askOnly(connections: readonly Seen[], how: CarryingOut): Promise<void> {
  const queue = [...connections];
  const work = async () => {
    for (let seen = queue.shift(); seen !== undefined; seen = queue.shift()) {
      const asked = await request(seen, how);
      how.onResult('outcome' in asked ? asked : { seen, outcome: 'Requested', message: '' });
    }
  };
  await Promise.all(Array.from({ length: Math.min(writesAtOnce, queue.length) }, work));
}

async function askAndWait(connections: readonly Seen[], how: CarryingOut, timeout: Duration): Promise<void> {
  const { cluster } = how;
  const stopping = new AbortController();
  const cancel = cluster.clock.after(timeout, () => stopping.abort(new Error('timed out')));
  const both = AbortSignal.any([stopping.signal, how.signal]);
  let following: Following | undefined;
  const round = createRound(connections, how, (key) => following?.get(key));
  try {
    following = await follow(cluster, scopesOf(connections), round.look, both);
    round.begin();
    await Promise.race([round.finished, following.refused, aborted(both)]);
  } catch (error) {
    if (!both.aborted) throw error;
    round.giveUp(how.signal.aborted ? 'Interrupted' : 'TimedOut');
  } finally {
    cancel();
    stopping.abort();
  }
}

interface Round {
  /** Asks as many as may be under way at once; the rest as answers come. */
  begin(): void;
  /** Sees whether this connection has an answer by now. */
  look: (key: string) => void;
  giveUp(outcome: 'Interrupted' | 'TimedOut'): void;
  /** Rejects with what is no failure of one connection. */
  readonly finished: Promise<void>;
}

function createRound(
  connections: readonly Seen[],
  how: CarryingOut,
  latest: (key: string) => KubeObject | undefined,
): Round {
  const queue = [...connections];
  /** Under way; without `asked` the request is still being made. */
  const open = new Map<string, { readonly seen: Seen; readonly asked?: Asked }>();
  const finished = Promise.withResolvers<void>();

  const settle = (seen: Seen, result: Omit<Result, 'seen'>) => {
    if (!open.delete(seen.key)) return;
    how.onResult({ seen, ...result });
    begin();
  };
  const look = (key: string) => {
    const { seen, asked } = open.get(key) ?? {};
    if (seen === undefined || asked === undefined) return;
    const answer = answerIn(latest(key), seen, asked, how);
    if (answer !== undefined) settle(seen, answer);
  };
  const start = async (seen: Seen) => {
    const asked = await request(seen, how);
    if ('outcome' in asked) return settle(seen, asked);
    open.set(seen.key, { seen, asked });
    // The answer may have been seen before the request was known to be made.
    look(seen.key);
  };
  function begin(): void {
    for (let seen = next(); seen !== undefined; seen = next()) {
      open.set(seen.key, { seen });
      start(seen).catch(finished.reject);
    }
    if (open.size === 0) finished.resolve();
  }
  const next = () => (open.size < atOnce ? queue.shift() : undefined);
  const giveUp: Round['giveUp'] = (outcome) => {
    for (const { seen } of open.values()) how.onResult({ seen, outcome, message: lastWords(latest(seen.key), seen) });
    for (const seen of queue) how.onResult({ seen, outcome, message: 'not asked for yet.' });
  };
  return { begin, look, giveUp, finished: finished.promise };
}

function answerIn(
  object: KubeObject | undefined,
  before: Seen,
  asked: Asked,
  { ask, cluster }: CarryingOut,
): Omit<Result, 'seen'> | undefined {
  if (object === undefined || object.metadata.uid !== before.object.metadata.uid) {
    return { outcome: 'Refused', reason: 'Deleted', message: 'it was deleted meanwhile.' };
  }
  const answer = ask.answer(see(object), asked, cluster.clock.wall());
  return answer === undefined ? undefined : resultOf(answer);
}

/** Of one that has not answered: what it says of itself now. */
function lastWords(object: KubeObject | undefined, before: Seen): string {
  return `asked for, and not answered yet. ${wordsOf(object === undefined ? before : see(object))}`;
}

function wordsOf(now: Seen): string {
  const { lastFailure } = now.status;
  if (lastFailure !== undefined) return `${lastFailure.reason}: ${lastFailure.message}`;
  return `${stateOf(now)}: ${conditionOf(now, 'Ready')?.message ?? 'see whether the operator runs: kubectl square doctor'}`;
}
