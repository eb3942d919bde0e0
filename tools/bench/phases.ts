import { setTimeout as pause } from 'node:timers/promises';
import { annotations, squareConnections } from '../../src/api/names.ts';
import { days } from '../../src/clock.ts';
import type { Lab } from './lab.ts';
import { begin, type Figures, notStarted, settled } from './measure.ts';
import type { RunningOperator } from './operator.ts';
import { followReadiness } from './readiness.ts';
import { benchNamespace, connectionName, createConnections, removeConnections, setScene } from './scene.ts';

export interface Plan {
  readonly connections: number;
  /** How long the idle phase lasts, in seconds. */
  readonly idle: number;
}

/** Told of each phase when it begins. */
export type Tell = (phase: string) => void;

const hold = { short: 1_000, long: 3_000 };
/** Milliseconds for each connection, and some for a start, before a phase is given up. */
const limitFor = (connections: number) => 60_000 + connections * 100;

/** The life of so many connections, phase by phase, in a lab that has had none yet. */
export async function measureLife(lab: Lab, plan: Plan, tell: Tell): Promise<Figures[]> {
  tell('start');
  await setScene(lab.client, plan.connections);
  const first = lab.startOperator();
  await settled(lab, first, hold.long);
  const atStart = first.usage().rss;
  await pause(comesToRest);
  const ofNone = { rssAtStart: atStart, rssOfNone: first.usage().rss, heapOfNone: await first.heap() };
  const figures = [await apply(lab, first, plan, tell), await idle(lab, first, plan, tell)];
  await first.stop();
  const { second, restarted } = await restart(lab, plan, ofNone, tell);
  figures.push(restarted, await scrape(lab, second, plan, tell));
  await second.stop();
  await removeConnections(lab.client);
  const { third, drained } = await drain(lab, plan, tell);
  figures.push(drained, await refresh(lab, third, plan, tell));
  await third.stop();
  await removeConnections(lab.client);
  return figures;
}

/** The operator is idle, and all connections are created at once; until all are Ready. */
async function apply(lab: Lab, operator: RunningOperator, { connections }: Plan, tell: Tell): Promise<Figures> {
  tell('apply');
  const readiness = await followReadiness(lab.client);
  const before = operator.usage();
  const measuring = await begin(lab, 'apply', connections, before);
  const began = Date.now();
  await createConnections(lab.client, connections);
  const last = await readiness.all(connections, limitFor(connections));
  await readiness.stop();
  await settled(lab, operator, hold.short);
  const own = { 'POST squareconnections': connections };
  return await measuring.end(operator, { seconds: (last - began) / 1_000, own, more: { rssBefore: before.rss } });
}

/** The status of an application is written at most so often, so what changed last shows in it after so long. */
const applicationSettles = 35_000;

/** Nothing changes. */
async function idle(lab: Lab, operator: RunningOperator, plan: Plan, tell: Tell): Promise<Figures> {
  tell('idle');
  await pause(applicationSettles);
  await settled(lab, operator, hold.long);
  const measuring = await begin(lab, 'idle', plan.connections, operator.usage());
  await pause(plan.idle * 1_000);
  return await measuring.end(operator, { seconds: plan.idle });
}

/** A process that has nothing to do has compacted its heap after so long. */
const comesToRest = 20_000;

/** Of so many restarts the one in the middle is told of: one alone says more about the machine. */
const restarts = 5;

/** A new process finds everything in order; until it is quiet. Each comes to rest then, and so tells its memory. */
async function restart(
  lab: Lab,
  { connections }: Plan,
  ofNone: Readonly<Record<string, number>>,
  tell: Tell,
): Promise<{ second: RunningOperator; restarted: Figures }> {
  tell('restart');
  const runs: Figures[] = [];
  for (;;) {
    const measuring = await begin(lab, 'restart', connections, notStarted);
    const second = lab.startOperator();
    const quiet = await settled(lab, second, hold.long);
    const run = await measuring.end(second, { seconds: (quiet - second.startedAt) / 1_000 });
    await pause(comesToRest);
    runs.push({ ...run, more: { rssAtRest: second.usage().rss, heap: await second.heap() } });
    if (runs.length < restarts) {
      await second.stop();
      continue;
    }
    const atRest = { rssAtRest: inTheMiddle(runs, 'rssAtRest'), heap: inTheMiddle(runs, 'heap') };
    return { second, restarted: { ...middle(runs), more: { ...ofNone, ...atRest, ...extremes(runs) } } };
  }
}

/** Each figure by itself: the process with the least memory need not be the fastest. */
function inTheMiddle(runs: readonly Figures[], figure: string): number {
  const values = runs.map(({ more }) => more[figure] ?? Number.NaN).toSorted((a, b) => a - b);
  return values[Math.floor(values.length / 2)] ?? Number.NaN;
}

const bySeconds = (runs: readonly Figures[]) => runs.toSorted((a, b) => a.seconds - b.seconds);

/** The run in the middle by its wall time; what no run may do, such as to write, is what the worst did. */
function middle(runs: readonly Figures[]): Figures {
  const figures = bySeconds(runs)[Math.floor(runs.length / 2)];
  const worst = runs.toSorted((a, b) => b.requests - a.requests)[0];
  if (figures === undefined || worst === undefined) throw new Error('there was no run');
  const { requests, requestsBy } = worst;
  return { ...figures, requests, requestsBy, tokenCalls: Math.max(...runs.map(({ tokenCalls }) => tokenCalls)) };
}

const extremes = (runs: readonly Figures[]) => {
  const seconds = bySeconds(runs).map((run) => run.seconds);
  return { fastest: seconds[0] ?? 0, slowest: seconds.at(-1) ?? 0 };
};

const scrapes = 5;

/** `/metrics` is scraped, again and again. */
async function scrape(lab: Lab, operator: RunningOperator, { connections }: Plan, tell: Tell): Promise<Figures> {
  tell('scrape');
  const before = operator.usage();
  const measuring = await begin(lab, 'scrape', connections, before);
  const began = Date.now();
  let bytes = 0;
  for (let i = 0; i < scrapes; i++) bytes = (await operator.scrape()).length;
  const seconds = (Date.now() - began) / 1_000;
  const added = operator.usage().peak - before.peak;
  return await measuring.end(operator, { seconds, more: { scrapes, bytes, added } });
}

/** The operator is started in front of new connections; until all are Ready. */
async function drain(
  lab: Lab,
  { connections }: Plan,
  tell: Tell,
): Promise<{ third: RunningOperator; drained: Figures }> {
  tell('drain');
  await createConnections(lab.client, connections);
  const readiness = await followReadiness(lab.client);
  lab.square.forgetFirstCall();
  const measuring = await begin(lab, 'drain', connections, notStarted);
  const third = lab.startOperator();
  const last = await readiness.all(connections, limitFor(connections));
  await readiness.stop();
  const { firstCallAt = Number.NaN } = await lab.square.counts();
  const drained = await measuring.end(third, {
    seconds: (last - third.startedAt) / 1_000,
    more: { firstCall: (firstCallAt - third.startedAt) / 1_000 },
  });
  return { third, drained };
}

/** Square's clock moves on by almost a week: every token is due for its routine refresh. */
async function refresh(lab: Lab, operator: RunningOperator, { connections }: Plan, tell: Tell): Promise<Figures> {
  tell('refresh');
  await settled(lab, operator, hold.long);
  const measuring = await begin(lab, 'refresh', connections, operator.usage());
  const began = Date.now();
  lab.square.advance(days(6.9));
  // The operator learns of the new time from Square's next answer, so one connection is made to ask.
  const requested = { [annotations.refreshRequestedAt]: new Date().toISOString() };
  await lab.client.mergePatch(squareConnections, benchNamespace, connectionName(0), {
    metadata: { annotations: requested },
  });
  const quiet = await settled(lab, operator, hold.long);
  const own = { 'PATCH squareconnections': 1 };
  return await measuring.end(operator, { seconds: (quiet - began) / 1_000, own });
}
