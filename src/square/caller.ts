import type { Clock, Duration, Instant, SquareTime } from '../clock.ts';
import type { Operation } from '../domain/failure.ts';
import { failureOf, failureOfFault, type Subject } from './classify.ts';
import { type JSONObject, parseObject, readErrors } from './error-shapes.ts';
import type { Outcome } from './port.ts';
import type { Answer, Call, Transport } from './transport.ts';

/** Makes a value of a 200 answer; `undefined` when the answer does not hold one. */
export type Reader<T> = (object: JSONObject) => T | undefined;

/** Told of each call when it ends. `code` is the HTTP status, or the reason when no answer came. */
export type Observer = (operation: Operation, code: string, duration: Duration) => void;

export interface CallerOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly time: SquareTime;
  readonly observe?: Observer | undefined;
}

/** An answer with what is known of it. */
export interface Received {
  readonly answer: Answer;
  readonly at: Instant | undefined;
}

/** Sends calls, sets Square's time by recognised answers and gives failures their meaning. */
export interface Caller {
  /** The value that `read` finds in a 200 answer, or the failure. */
  ask<T>(subject: Subject, call: Call, read: Reader<T>): Promise<Outcome<T>>;
  /**
   * Like `ask`, but any 200 answer is given out as it came, and to `keep` before anybody looks into it. `read` only tells
   * whether Square's time is set by it.
   */
  askRaw(
    subject: Subject,
    call: Call,
    read: Reader<unknown>,
    keep?: (received: Received) => Promise<void>,
  ): Promise<Outcome<Received>>;
}

export function createCaller(options: CallerOptions): Caller {
  const { transport, clock, time, observe } = options;

  async function receive(subject: Subject, call: Call): Promise<Outcome<Received>> {
    const start = clock.monotonic();
    const result = await transport.send(call);
    const duration = clock.monotonic() - start;
    if (result.kind === 'fault') {
      const failure = failureOfFault(subject, result);
      observe?.(subject.operation, failure.reason, duration);
      return { ok: false, failure };
    }
    observe?.(subject.operation, String(result.status), duration);
    return { ok: true, value: { answer: result, at: dateOf(result) } };
  }

  /** Takes in the time of an answer that is Square's by its shape, then tells success from failure. */
  function judge<T>(subject: Subject, received: Received, read: Reader<T>): Outcome<T> {
    const { answer, at } = received;
    const object = parseObject(answer.body);
    const readable = succeeded(subject, answer) && !isRefused(subject, object);
    const value = readable && object !== undefined ? read(object) : undefined;
    const told = at !== undefined && (value !== undefined || isSquares(object)) ? { at } : {};
    if (told.at !== undefined) time.observe(told.at);
    if (value !== undefined) return { ok: true, value, ...told };
    return { ok: false, failure: failureOf(subject, answer, object, at ?? time.now()), ...told };
  }

  return {
    async ask(subject, call, read) {
      const received = await receive(subject, call);
      return received.ok ? judge(subject, received.value, read) : received;
    },
    async askRaw(subject, call, read, keep) {
      const received = await receive(subject, call);
      if (!received.ok) return received;
      if (succeeded(subject, received.value.answer)) await keep?.(received.value);
      const outcome = judge(subject, received.value, read);
      return received.value.answer.status === 200 || outcome.ok ? received : outcome;
    },
  };
}

/**
 * Square answers 200. A token that comes with another 2xx, as a proxy may make of it, is taken all the same: the refresh
 * token may be spent. Nothing else is believed that way.
 */
const succeeded = ({ operation }: Subject, { status }: Answer): boolean =>
  status === 200 || (operation === 'ObtainToken' && status > 200 && status < 300);

/** Square's own error says more than what stands beside it, and may come with a 200; but a token that was issued is taken. */
const isRefused = ({ operation }: Subject, object: JSONObject | undefined): boolean =>
  operation !== 'ObtainToken' && readErrors(object).shape === 'V2';

const isSquares = (object: JSONObject | undefined) => {
  const { shape } = readErrors(object);
  return shape === 'V1' || shape === 'V2';
};

/** `Date` in the one form that servers send (RFC 9110 section 5.6.7). An answer out of a cache has no time. */
function dateOf(answer: Answer): Instant | undefined {
  const { date, age } = answer.headers;
  if (typeof date !== 'string' || age !== undefined || !/^[A-Z][a-z]{2}, .* GMT$/.test(date)) return undefined;
  const instant = Date.parse(date);
  return Number.isNaN(instant) ? undefined : instant;
}
