import type { Clock, Duration } from '../clock.ts';
import { seconds, sleep } from '../clock.ts';
import type { KubeClient } from './client.ts';
import { createLeasePlace } from './lease-place.ts';
import type { Log } from './log.ts';
import { silentLog } from './log.ts';

export interface LeaderElectionOptions {
  client: KubeClient;
  namespace: string;
  name: string;
  /** Must differ for each process, restarts included. */
  identity: string;
  clock: Clock;
  log?: Log | undefined;
  /** How long others wait after the last renewal they saw. Default 15 s, whole seconds. */
  leaseDuration?: Duration | undefined;
  /** The holder stops acting so long after it asked for its last successful renewal. Default 10 s. */
  renewDeadline?: Duration | undefined;
  /** Between attempts that fail and between looks at another's lease; the holder renews half as often. Default 2 s. */
  retryPeriod?: Duration | undefined;
  random?: (() => number) | undefined;
}

/** One Lease, one holder (coordination.k8s.io/v1). */
export interface LeaderElection {
  /**
   * Whether this process may act *now*: computed from the monotonic age of the last renewal, so it is false in time
   * even after the process stood still. Ask before each thing that only the holder may do.
   */
  isLeader(): boolean;
  /** Told when the lease is won and when it is lost or given up; `lost` may come late, `isLeader` never does. */
  onChange(listener: (isLeader: boolean) => void): void;
  /** Who holds the lease as far as known; `undefined` when nobody. */
  holder(): string | undefined;
  /** Stands for election until `signal` is aborted, then gives the lease up and resolves. Never rejects. */
  start(signal: AbortSignal): Promise<void>;
}

/** An idle operator does little else than renew: every 4 s, which leaves three attempts before the deadline. */
const renewalPeriods = 2;

export interface Timing {
  leaseDuration: Duration;
  renewDeadline: Duration;
  retryPeriod: Duration;
}

function timingOf(options: LeaderElectionOptions): Timing {
  const { leaseDuration = seconds(15), renewDeadline = seconds(10), retryPeriod = seconds(2) } = options;
  if (leaseDuration <= renewDeadline || renewDeadline <= 3 * retryPeriod) {
    throw new RangeError('leader election needs leaseDuration > renewDeadline > 3 × retryPeriod');
  }
  return { leaseDuration, renewDeadline, retryPeriod };
}

/** See `LeaderElection`. It does nothing before `start`. Throws when the durations do not fit together. */
export function createLeaderElection(options: LeaderElectionOptions): LeaderElection {
  const { identity, clock, log = silentLog, random = Math.random } = options;
  const timing = timingOf(options);
  const about = { lease: `${options.namespace}/${options.name}`, identity };
  const listeners: ((isLeader: boolean) => void)[] = [];
  const place = createLeasePlace({ ...options, timing });
  let told = false;
  /** Whether somebody may have heard meanwhile that this replica does not lead. */
  let lapsed = false;
  let cancelDeadline = () => {};

  const isLeader = () => {
    const renewed = place.renewed();
    const leads = renewed !== undefined && clock.monotonic() - renewed < timing.renewDeadline;
    lapsed ||= !leads;
    return leads;
  };
  const announce = (now: boolean) => {
    told = now;
    if (now) log.info(about, 'this replica leads');
    else log.warn({ ...about, holder: place.holder() }, 'this replica no longer leads');
    for (const listener of listeners) listener(now);
  };
  const tell = () => {
    cancelDeadline();
    const renewed = place.renewed();
    const now = isLeader();
    // One tick after the deadline, lest the timer find it not quite reached.
    if (now && renewed !== undefined) {
      cancelDeadline = clock.after(renewed + timing.renewDeadline + 1 - clock.monotonic(), tell);
    }
    // A renewal may come in after the deadline and before its timer: what was not done in between has to be begun again.
    if (now && told && lapsed) announce(false);
    lapsed = false;
    if (now !== told) announce(now);
  };
  let failing = false;
  /** Returns how long to wait before the next attempt. */
  const attempt = async (): Promise<Duration> => {
    const begun = clock.monotonic();
    try {
      await place.attempt();
      if (failing) log.info(about, 'the lease can be reached again');
      failing = false;
      return isLeader() ? renewalPeriods * timing.retryPeriod : timing.retryPeriod * (1 + random() / 5);
    } catch (error) {
      if (!failing) log.warn({ ...about, err: error }, 'cannot get or renew the lease, trying again');
      failing = true;
      return timing.retryPeriod - (clock.monotonic() - begun);
    }
  };

  return {
    isLeader,
    holder: place.holder,
    onChange: (listener) => void listeners.push(listener),
    async start(signal) {
      while (!signal.aborted) {
        const wait = await attempt();
        tell();
        await sleep(clock, Math.max(0, wait), signal).catch(() => {});
      }
      await place.release().catch((error: unknown) => log.warn({ ...about, err: error }, 'the lease was not given up'));
      tell();
    },
  };
}
