import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import { type Clock, type Duration, minutes, seconds } from '../clock.ts';
import type { Key } from '../kube/resource.ts';
import type { View } from '../kube/view.ts';

/** Tells pages that are open that something which they show has changed (HTML, "Server-sent events"). */
export interface Newsroom {
  /**
   * Answers with a stream that says `changed` whenever a connection changed that `concerns` the page. `allowed` is asked
   * again before anything is said, and every half a minute: when it says no, the stream ends.
   */
  stream(reply: FastifyReply, wish: StreamWish): FastifyReply;
  /** Ends all streams. */
  close(): void;
}

export interface StreamWish {
  /** Whose it is: one has so many at once and no more. */
  readonly of: string;
  readonly concerns: (keys: ReadonlySet<Key>) => Promise<boolean>;
  readonly allowed: () => Promise<boolean>;
  /** Whether something changed after the page was made and before it began to listen. Asked once, at the beginning. */
  readonly missed: () => Promise<boolean>;
}

/**
 * The views are looked at, not listened to: what this process itself writes is no news to their listeners. Only while
 * somebody listens; comparing ten thousand references takes less than a millisecond.
 */
const lookEvery = seconds(1);
const heartbeatEvery = seconds(25);
/** Then the browser comes back by itself, and another replica may answer. */
const longest = minutes(15);
export const mostStreams = 500;
export const mostOfOne = 10;

interface Listener {
  hear(keys: ReadonlySet<Key>): void;
  beat(): void;
  end(): void;
  readonly endsAt: Duration;
  readonly of: string;
}

export function createNewsroom(connections: Pick<View<unknown>, 'entries'>, clock: Clock): Newsroom {
  const listeners = new Set<Listener>();
  let seen = new Map<Key, unknown>();
  let cancel: (() => void) | undefined;
  let beatAt = 0;

  const look = () => {
    const now = new Map(connections.entries());
    const changed = new Set<Key>();
    for (const [key, value] of now) if (seen.get(key) !== value) changed.add(key);
    for (const key of seen.keys()) if (!now.has(key)) changed.add(key);
    seen = now;
    if (changed.size > 0) for (const listener of listeners) listener.hear(changed);
    const time = clock.monotonic();
    if (time >= beatAt) {
      beatAt = time + heartbeatEvery;
      for (const listener of listeners) listener.beat();
    }
    for (const listener of listeners) if (listener.endsAt <= time) listener.end();
    arm();
  };
  const arm = () => {
    cancel = listeners.size === 0 ? undefined : clock.after(lookEvery, look);
  };
  const join = (listener: Listener) => {
    listeners.add(listener);
    if (cancel !== undefined) return;
    seen = new Map(connections.entries());
    beatAt = clock.monotonic() + heartbeatEvery;
    arm();
  };

  return {
    stream(reply, wish) {
      const own = [...listeners].filter(({ of }) => of === wish.of).length;
      if (listeners.size >= mostStreams || own >= mostOfOne) return reply.code(503).header('retry-after', '30').send();
      const body = new Readable({ read() {} });
      // Whoever was asked about in the meantime may have gone.
      const say = (line: string) => void (listeners.has(listener) && body.push(`${line}\n\n`));
      const changed = () => say('event: changed\ndata:');
      const end = () => {
        if (listeners.delete(listener)) body.push(null);
      };
      const listener: Listener = {
        of: wish.of,
        endsAt: clock.monotonic() + longest,
        end,
        beat: () => void when(wish.allowed(), () => say(':'), end),
        hear: (keys) => void when(tell(wish, keys), changed, end),
      };
      reply.raw.once('close', end);
      join(listener);
      say('retry: 5000');
      const missed = wish.missed().then((so) => so || undefined);
      void when(missed, changed, end);
      return reply.type('text/event-stream').header('x-accel-buffering', 'no').send(body);
    },
    close() {
      cancel?.();
      cancel = undefined;
      for (const listener of listeners) listener.end();
    },
  };
}

/** `undefined`: it is none of their business, and they stay. */
async function tell({ allowed, concerns }: StreamWish, keys: ReadonlySet<Key>): Promise<boolean | undefined> {
  if (!(await allowed())) return false;
  return (await concerns(keys)) ? true : undefined;
}

/** Whoever cannot be asked about is told nothing, and comes back. */
async function when(asked: Promise<boolean | undefined>, yes: () => void, no: () => void): Promise<void> {
  const answer = await asked.catch(() => false);
  if (answer === true) yes();
  else if (answer === false) no();
}
