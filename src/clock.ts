/** Milliseconds since 1970-01-01T00:00:00Z. */
export type Instant = number;

/** Milliseconds. */
export type Duration = number;

export const seconds = (n: number): Duration => n * 1_000;
export const minutes = (n: number): Duration => n * 60_000;
export const hours = (n: number): Duration => n * 3_600_000;
export const days = (n: number): Duration => n * 86_400_000;

/** The only source of time. Everything that waits or measures takes one, so that tests can move it. */
export interface Clock {
  /** The machine's wall clock. It may jump, so nothing is decided by it; it is for what people read. */
  wall(): Instant;
  /** Milliseconds since some fixed moment; never jumps and never goes back. */
  monotonic(): Duration;
  /** Calls `callback` once, `delay` from now on the monotonic clock. The returned function cancels it. */
  after(delay: Duration, callback: () => void): () => void;
}

/** The longest delay that a timer of the platform takes: a longer one would fire at once. */
const longestTimer = 2 ** 31 - 1;

/** The clock of this machine. Its timers do not keep the process alive. */
export const systemClock: Clock = {
  wall: () => Date.now(),
  monotonic: () => performance.now(),
  after(delay, callback) {
    const due = performance.now() + delay;
    let timer: NodeJS.Timeout;
    const arm = () => {
      const left = due - performance.now();
      timer = left > longestTimer ? setTimeout(arm, longestTimer) : setTimeout(callback, Math.max(0, left));
      timer.unref();
    };
    arm();
    return () => clearTimeout(timer);
  },
};

/** Keeps the process alive while it has nothing but timers to wait for. The returned function lets it end. */
export function holdProcess(): () => void {
  const hold = setInterval(() => {}, longestTimer);
  return () => clearInterval(hold);
}

/** Resolves `delay` from now; rejects with the signal's reason when `signal` is aborted first. */
export function sleep(clock: Clock, delay: Duration, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason as Error);
    const onAbort = () => {
      cancel();
      reject(signal?.reason as Error);
    };
    const cancel = clock.after(delay, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** The instant in RFC 3339, UTC, whole seconds, as Kubernetes writes times: `2026-07-01T09:30:00Z`. */
export function formatInstant(instant: Instant): string {
  return `${new Date(instant).toISOString().slice(0, 19)}Z`;
}

const rfc3339 = /^(\d{4}-\d{2}-\d{2})[Tt](\d{2}:\d{2}:)(\d{2})(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/;

/** The form that `formatInstant` and Kubernetes write. */
const kubernetesTime = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:[0-5]\dZ$/;

/** Reads an RFC 3339 time in any of its forms (fractions, offsets, leap seconds); `undefined` for anything else. */
export function parseInstant(text: string): Instant | undefined {
  if (kubernetesTime.test(text)) return notNaN(Date.parse(text));
  const [form, date, clock, second = '', fraction = '', offset = ''] = rfc3339.exec(text) ?? [];
  if (form === undefined) return undefined;
  // The platform knows no leap seconds: one is the second after the one before it (RFC 3339 section 5.7).
  const leap = second === '60';
  const instant = Date.parse(`${date}T${clock}${leap ? '59' : second}${fraction}${offset.toUpperCase()}`);
  return notNaN(instant + (leap ? seconds(1) : 0));
}

const notNaN = (number: number): number | undefined => (Number.isNaN(number) ? undefined : number);

/**
 * Square's time: the latest `Date` of a recognised answer of Square, carried on by the monotonic clock. Until the first
 * answer it is the local clock as it stood when this was made. Lifetimes of tokens are measured by it, so a jumping
 * wall clock moves nothing. A `Date` far from it is believed once a second answer bears it out: one answer that a proxy
 * has spoilt moves nothing either.
 */
export interface SquareTime {
  now(): Instant;
  /** Whether an answer of Square has set it yet. */
  confirmed(): boolean;
  /** Whether the latest answer named a time far from it, which no second one has borne out yet. */
  disputed(): boolean;
  /** Takes in the `Date` of a recognised answer. Differences within the header's resolution are left alone. */
  observe(date: Instant): void;
  /** How far the local wall clock is ahead of Square's time. */
  skew(): Duration;
  /** Calls `listener` whenever answers moved the time by more than the header's resolution. */
  onShift(listener: () => void): void;
}

/** `Date` has whole seconds and an answer takes a while to arrive: less than this is no difference. */
const dateResolution = seconds(2);

/** A correction larger than this needs a second witness. Whatever is due by less than it is not in a hurry. */
const farOff = minutes(5);

/** Two answers agree on a time when it went on between them as the monotonic clock did, give or take slow answers. */
const agreement = seconds(10);

export function createSquareTime(clock: Clock): SquareTime {
  const listeners: (() => void)[] = [];
  let base = clock.wall() - clock.monotonic();
  let confirmed = false;
  /** What `base` would be by the one answer that named another time. */
  let rival: Duration | undefined;
  const now = () => base + clock.monotonic();
  return {
    now,
    confirmed: () => confirmed,
    disputed: () => rival !== undefined,
    observe(date) {
      const other = date - clock.monotonic();
      const borneOut = rival !== undefined && Math.abs(other - rival) <= agreement;
      if (Math.abs(other - base) > farOff && !borneOut) {
        rival = other;
        return;
      }
      rival = undefined;
      confirmed = true;
      if (Math.abs(other - base) <= dateResolution) return;
      base = other;
      for (const listener of listeners) listener();
    },
    skew: () => clock.wall() - now(),
    onShift: (listener) => listeners.push(listener),
  };
}
