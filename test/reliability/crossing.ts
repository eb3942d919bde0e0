import { performance } from 'node:perf_hooks';

/** Where the operator meets the world: a request crosses one of these. */
export type Edge = 'api' | 'square';

/** One request of the operator, as a proxy understands it. */
export interface Asked {
  readonly edge: Edge;
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly body: string;
  readonly watch: boolean;
}

export interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body: Buffer;
}

/** What becomes of a request at one moment: it goes on, or its connection is cut. */
export type Act = () => Promise<'go on' | 'cut'>;

/** What is to happen to one request. Nothing given: it passes. */
export interface Verdict {
  /** Answered by the proxy; the world never hears of it. */
  readonly refuse?: Answered;
  /** Before it is forwarded. */
  readonly before?: Act;
  /** The world has acted and answered; the operator has not heard of it, and may hear something else. */
  readonly between?: () => Promise<'go on' | 'cut' | Answered>;
  /** The answer has been handed to the operator's connection. */
  readonly after?: Act;
  /** Told once, when all is over, and when the operator was handed the world's answer, by `performance.now()`. */
  readonly over?: (deliveredAt: number | undefined) => void;
}

/** Decides about each request in the moment of its arrival. */
export type Gate = (asked: Asked) => Verdict;

/** The two sides of one request. */
export interface Sides {
  forward(): Promise<Answered>;
  /** Resolves when the answer was handed to the connection. */
  reply(answer: Answered): Promise<void>;
  cut(): void;
  /** Resolves when the operator no longer waits for the answer, for whatever reason. */
  readonly left?: Promise<unknown>;
}

/** Takes one request across, as its verdict says. Never rejects: what breaks on either side cuts the connection. */
export async function cross(verdict: Verdict, sides: Sides): Promise<void> {
  let deliveredAt: number | undefined;
  let told = false;
  const over = () => {
    if (!told) verdict.over?.(deliveredAt);
    told = true;
  };
  void sides.left?.then(over);
  try {
    if (verdict.refuse !== undefined) return await sides.reply(verdict.refuse);
    if ((await verdict.before?.()) === 'cut') return sides.cut();
    const answer = await sides.forward();
    const instead = (await verdict.between?.()) ?? 'go on';
    if (instead === 'cut') return sides.cut();
    if (instead !== 'go on') return await sides.reply(instead);
    await sides.reply(answer);
    deliveredAt = performance.now();
    if ((await verdict.after?.()) === 'cut') sides.cut();
  } catch {
    sides.cut();
  } finally {
    over();
  }
}

const hopByHop = new Set([
  'connection',
  'content-length',
  'host',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
]);

/** The headers that are not of one connection only, without HTTP/2's own. */
export function endToEnd(headers: Readonly<Record<string, string | string[] | undefined>>): Answered['headers'] {
  const kept = Object.entries(headers).filter(
    (entry): entry is [string, string | string[]] =>
      entry[1] !== undefined && !hopByHop.has(entry[0]) && !entry[0].startsWith(':'),
  );
  return Object.fromEntries(kept);
}
