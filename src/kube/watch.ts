import type { Clock, Duration } from '../clock.ts';
import { seconds } from '../clock.ts';
import { type KubeClient, KubeError } from './client.ts';
import type { KubeObject } from './resource.ts';

/** A bookmark comes about once a minute: a stream silent for longer is dead, whatever its connection says. */
export const longestSilence = seconds(150);

/** A server that has the streaming list begins at once. */
const longestWaitForList = seconds(30);

/** Why a watch is over. */
export type Ending =
  /** The server ended it in order: go on from where it was. */
  | { how: 'ended' }
  /** The server no longer has what came next (410): list anew. */
  | { how: 'expired' }
  /** Nothing was heard for too long: list anew. */
  | { how: 'silent' }
  /** The server's versions go backwards, its store was restored: list anew. */
  | { how: 'rewound' }
  /** The server does not know the streaming list: list by pages. */
  | { how: 'unlisted' }
  | { how: 'failed'; error: unknown };

export interface WatchTurn {
  /** Path with query. */
  path: string;
  /** Whether it begins with the objects there are (`sendInitialEvents`). */
  initial: boolean;
  onOpen(): void;
  /** Any line: the server is alive. */
  onHeard(): void;
  onObject(type: 'ADDED' | 'MODIFIED' | 'DELETED', object: KubeObject): Ending | undefined;
  /** `listed` marks the end of the objects there were at the start. */
  onBookmark(version: string, listed: boolean): Ending | undefined;
}

interface WatchEvent {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  object: KubeObject & { code?: number; reason?: string; message?: string };
}

function endingOf(status: WatchEvent['object'], path: string): Ending {
  const { code = 500, reason = 'InternalError', message = '' } = status;
  if (code === 410) return { how: 'expired' };
  const words = `watch ${path.replace(/\?.*/, '')}: ${code} ${reason}: ${message.slice(0, 500)}`;
  return { how: 'failed', error: new KubeError({ status: code, reason, message: words, mayHaveActed: false }) };
}

function read(line: string, turn: WatchTurn): Ending | undefined {
  const { type, object } = JSON.parse(line) as WatchEvent;
  switch (type) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
      return turn.onObject(type, object);
    case 'BOOKMARK': {
      const listed = object.metadata.annotations?.['k8s.io/initial-events-end'] === 'true';
      return turn.onBookmark(object.metadata.resourceVersion ?? '', listed);
    }
    case 'ERROR':
      return endingOf(object, turn.path);
    default:
      return undefined;
  }
}

function endingOfFailure(error: unknown, initial: boolean): Ending {
  if (error instanceof KubeError) {
    if (error.status === 410) return { how: 'expired' };
    if (initial && (error.status === 400 || error.status === 422)) return { how: 'unlisted' };
  }
  return { how: 'failed', error };
}

/** Follows one stream until it is over. Never rejects; when `signal` is aborted the ending means nothing. */
export async function watchOnce(
  client: KubeClient,
  clock: Clock,
  turn: WatchTurn,
  signal: AbortSignal,
): Promise<Ending> {
  const own = new AbortController();
  let ending: Ending | undefined;
  let listing = turn.initial;
  let heard = clock.monotonic();
  let cancel = () => {};
  const end = (why: Ending) => {
    ending ??= why;
    own.abort();
  };
  const listen = (patience: Duration) => {
    cancel = clock.after(patience, () => {
      const limit = listing ? longestWaitForList : longestSilence;
      const left = heard + limit - clock.monotonic();
      if (left > 0) listen(left);
      else end({ how: listing ? 'unlisted' : 'silent' });
    });
  };
  const told: WatchTurn = {
    ...turn,
    onBookmark(version, listed) {
      if (listed) listing = false;
      return turn.onBookmark(version, listed);
    },
  };
  const onLine = (line: string) => {
    heard = clock.monotonic();
    turn.onHeard();
    const why = read(line, told);
    if (why !== undefined) end(why);
  };
  const onAbort = () => own.abort();
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  listen(listing ? longestWaitForList : longestSilence);
  try {
    await client.stream(turn.path, { signal: own.signal, onOpen: () => turn.onOpen(), onLine });
    return ending ?? { how: 'ended' };
  } catch (error) {
    return ending ?? endingOfFailure(error, turn.initial);
  } finally {
    cancel();
    signal.removeEventListener('abort', onAbort);
  }
}
