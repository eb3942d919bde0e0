import { randomBytes } from 'node:crypto';
import { type Clock, type Duration, minutes } from '../clock.ts';
import { type KubeClient, KubeError } from './client.ts';
import { microTime } from './lease-record.ts';
import type { Log } from './log.ts';
import { silentLog } from './log.ts';
import { apiVersionOf, events, type KubeObject, type Resource } from './resource.ts';

export interface EventAbout {
  resource: Resource;
  namespace?: string | undefined;
  name: string;
  uid?: string | undefined;
  resourceVersion?: string | undefined;
}

export interface EventNote {
  /** Its namespace is the event's; for what has none it is `default`, as the API server demands. */
  about: EventAbout;
  type: 'Normal' | 'Warning';
  /** Why: UpperCamelCase, at most 128 characters. */
  reason: string;
  /** What was done: UpperCamelCase, at most 128 characters. */
  action: string;
  /** For people; cut at 1024 bytes. Never a secret. */
  note: string;
}

/** Writes events.k8s.io/v1 events beside the work, never in its way: it neither waits, throws nor grows without bound. */
export interface EventRecorder {
  record(note: EventNote): void;
  /** Sends what was recorded, counts that were to wait included; resolves when all is sent or given up. */
  flush(): Promise<void>;
  /** Events that were not stored: too many at once, or refused by the API server. */
  readonly dropped: number;
}

export interface EventRecorderOptions {
  client: KubeClient;
  clock: Clock;
  /** `reportingController`, for instance `example.dev/operator`. */
  controller: string;
  /** `reportingInstance`: the pod's name. */
  instance: string;
  log?: Log | undefined;
}

/** Waiting to be sent, at most. */
const backlog = 500;

/** Repeats of an event within so long of the last one are counted on it; later it is a new one. */
const seriesGap = minutes(6);

/** A series' count is written at most so often; the last one is never left out. */
const between = minutes(1);

/** Events remembered for their repeats. */
const remembered = 1_000;

interface Series {
  name: string;
  namespace: string;
  count: number;
  /** Monotonic. */
  last: Duration;
  /** When (monotonic) the API server was told last; `undefined`: not yet, or it refused. */
  written: Duration | undefined;
  /** Waiting to be sent, or being sent. */
  queued: boolean;
  /** Lets the count be sent no later, while it waits to be sent later. */
  cancel: (() => void) | undefined;
}

const identityOf = ({ about, type, reason, action, note }: EventNote) =>
  JSON.stringify([about.resource.plural, about.namespace, about.name, about.uid, type, reason, action, note]);

/** At most 1024 bytes, which is the API server's limit. */
function cut(note: string): string {
  const bytes = Buffer.from(note);
  return bytes.length <= 1_024
    ? note
    : `${bytes
        .subarray(0, 1_018)
        .toString('utf8')
        .replace(/\uFFFD+$/, '')}…`;
}

/** See `EventRecorder`. Repeats of the same event become one event with a count. */
export function createEventRecorder(options: EventRecorderOptions): EventRecorder {
  const { client, clock, log = silentLog } = options;
  const known = new Map<string, Series>();
  const waiting: { note: EventNote; series: Series }[] = [];
  const later = new Map<Series, EventNote>();
  let dropped = 0;
  let order = 0;
  let sending: Promise<void> | undefined;

  /** However long it has waited to be sent. */
  const seenLast = ({ last }: Series) => microTime(clock.wall() - (clock.monotonic() - last));
  const compose = ({ about, type, reason, action, note }: EventNote, series: Series): KubeObject => ({
    metadata: { namespace: series.namespace, name: series.name },
    eventTime: seenLast(series),
    type,
    reason,
    action,
    note: cut(note),
    reportingController: options.controller,
    reportingInstance: options.instance,
    regarding: {
      apiVersion: apiVersionOf(about.resource),
      kind: about.resource.kind,
      name: about.name,
      ...(about.namespace ? { namespace: about.namespace } : {}),
      ...(about.uid ? { uid: about.uid } : {}),
      ...(about.resourceVersion ? { resourceVersion: about.resourceVersion } : {}),
    },
    ...(series.count > 1 ? { series: { count: series.count, lastObservedTime: seenLast(series) } } : {}),
  });
  const send = async (note: EventNote, series: Series) => {
    const { count } = series;
    try {
      if (series.written === undefined) await client.create(events, compose(note, series));
      else {
        const counted = { series: { count, lastObservedTime: seenLast(series) } };
        await client.mergePatch(events, series.namespace, series.name, counted);
      }
      series.written = clock.monotonic();
      series.queued = false;
      // It was repeated while it was being sent.
      if (series.count > count) sendInTime(note, series);
    } catch (error) {
      dropped++;
      // Gone after an hour, or with its namespace: the next one is new.
      if (error instanceof KubeError && error.status === 404) known.delete(identityOf(note));
      log.debug({ err: error, reason: note.reason }, 'an event was not stored');
      series.queued = false;
    }
  };
  const sendAll = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await send(next.note, next.series);
    sending = undefined;
  };
  const enqueue = (note: EventNote, series: Series) => {
    later.delete(series);
    series.cancel?.();
    series.cancel = undefined;
    if (series.queued) return;
    if (waiting.length >= backlog) {
      dropped++;
      return;
    }
    series.queued = true;
    waiting.push({ note, series });
    sending ??= sendAll();
  };
  /** At once, or when the series' last count has stood long enough. */
  const sendInTime = (note: EventNote, series: Series) => {
    if (series.queued || series.cancel !== undefined) return;
    const rest = series.written === undefined ? 0 : series.written + between - clock.monotonic();
    if (rest <= 0) return enqueue(note, series);
    later.set(series, note);
    series.cancel = clock.after(rest, () => enqueue(note, series));
  };
  const seriesOf = (note: EventNote): Series => {
    const identity = identityOf(note);
    const now = clock.monotonic();
    const former = known.get(identity);
    known.delete(identity);
    const goesOn = former !== undefined && now - former.last < seriesGap;
    if (!goesOn) order = Math.max(order + 1, clock.wall() * 1_000);
    const series = goesOn ? former : newSeries(note, order);
    series.count++;
    series.last = now;
    // Last in the order, so that those that are silent longest are forgotten first.
    known.set(identity, series);
    for (const oldest of known.keys()) {
      if (known.size <= remembered) break;
      known.delete(oldest);
    }
    return series;
  };

  return {
    record: (note) => sendInTime(note, seriesOf(note)),
    async flush() {
      do {
        for (const [series, note] of later) enqueue(note, series);
        await sending;
      } while (later.size > 0);
    },
    get dropped() {
      return dropped;
    },
  };
}

/**
 * `order` comes first in the name, so that a list by name is one by time: kubectl describe sorts by a field that events of
 * this version do not have.
 */
function newSeries({ about }: EventNote, order: number): Series {
  const unique = order.toString(16).padStart(14, '0') + randomBytes(3).toString('hex');
  const name = `${about.name.slice(0, 230)}.${unique}`;
  const told = { written: undefined, queued: false, cancel: undefined };
  return { name, namespace: about.namespace ?? 'default', count: 0, last: 0, ...told };
}
