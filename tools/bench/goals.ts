import type { Figures } from './measure.ts';

/** One figure and what it should be. */
export interface Goal {
  readonly figure: string;
  readonly value: number;
  readonly unit: string;
  readonly atMost: number;
  /** Why there is no verdict on it. */
  readonly unjudged?: string;
}

/** Goals of memory are stated for so many and more: what is there once for all, divided by fewer, hides the rest. */
const enough = 1_000;
const tooFew = `no verdict on memory below ${enough} connections: what is there once for all is most of it`;

const mostIdleCPU = 0.1;

/**
 * The goals that one life can show. Ratios to another operator come from `peer.ts`. What memory a connection takes is
 * told from a life of fewer connections where there was one: what is there for none, or once for any, then falls out.
 */
export function goalsOf(figures: readonly Figures[], fewer?: readonly Figures[]): Goal[] {
  const of = phaseOf(figures);
  const [apply, idle, restart, scrape, drain, refresh] = [
    of('apply'),
    of('idle'),
    of('restart'),
    of('scrape'),
    of('drain'),
    of('refresh'),
  ];
  const n = apply.connections;
  const goal = (figure: string, value: number, atMost: number, unit = ''): Goal => ({ figure, value, unit, atMost });
  return [
    goal('token calls for each new connection, apply', apply.tokenCalls / n, 1),
    goal('token calls for each new connection, drain', drain.tokenCalls / n, 1),
    goal('token calls in a restart', restart.tokenCalls, 0),
    goal('writes in a restart', writes(restart), 0),
    goal('restart until quiet', restart.seconds, 2, 's'),
    goal('requests while idle, lease and watches aside', idle.requests, 0),
    goal('operator CPU while idle', (100 * idle.operatorSeconds) / idle.seconds, mostIdleCPU, '% of a core'),
    goal('writes for each refresh', writes(refresh, ofConnection) / refresh.tokenCalls, 3),
    goal('reads for each refresh', reads(refresh) / refresh.tokenCalls, 0),
    ...memory(restart, fewer && phaseOf(fewer)('restart')).map(([figure, value]) => ({
      ...goal(figure, value, 5, 'KiB'),
      ...(n < enough && { unjudged: tooFew }),
    })),
    goal('peak memory in a drain', drain.peak, 160, 'MiB'),
    goal('CPU of a scrape of /metrics', scrape.operatorSeconds / (scrape.more['scrapes'] ?? 1), 1, 's'),
    goal('memory that scrapes add', scrape.more['added'] ?? 0, 100, 'MiB'),
    goal('start to the first call to Square', drain.more['firstCall'] ?? 0, 0.4, 's'),
    goal('memory at start', restart.more['rssAtStart'] ?? 0, 100, 'MiB'),
  ];
}

const phaseOf =
  (figures: readonly Figures[]) =>
  (phase: string): Figures => {
    const found = figures.find((one) => one.phase === phase);
    if (found === undefined) throw new Error(`there is no phase ${phase}`);
    return found;
  };

/** KiB for each connection, between no connections and all or between fewer and all. */
function memory({ more, connections }: Figures, fewer: Figures | undefined): [figure: string, value: number][] {
  const from = fewer?.connections ?? 0;
  const [rss, heap] = fewer === undefined ? ['rssOfNone', 'heapOfNone'] : ['rssAtRest', 'heap'];
  const growth = (after: string, before: string) =>
    (((more[after] ?? 0) - ((fewer?.more ?? more)[before] ?? 0)) * 1024) / (connections - from);
  const between = `for each connection, ${from} to ${connections}`;
  return [
    [`resident memory ${between}`, growth('rssAtRest', rss)],
    [`JavaScript heap ${between}`, growth('heap', heap)],
  ];
}

const isRead = (what: string) => /^(GET|LIST) /.test(what);
const isWrite = (what: string) => /^(POST|PUT|PATCH|DELETE) /.test(what);
/** Not the status of the application, which is written every half minute at most, nor the event of the one request. */
const ofConnection = (what: string) => / (secrets|squareconnections)/.test(what);

const sum = ({ requestsBy }: Figures, which: (what: string) => boolean) =>
  Object.entries(requestsBy).reduce((total, [what, count]) => (which(what) ? total + count : total), 0);

const writes = (figures: Figures, which: (what: string) => boolean = () => true) =>
  sum(figures, (what) => isWrite(what) && which(what));
const reads = (figures: Figures) => sum(figures, isRead);
