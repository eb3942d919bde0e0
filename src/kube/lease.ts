import type { Clock, Duration } from '../clock.ts';
import type { KubeClient } from './client.ts';
import type { Log } from './log.ts';

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
  /** Default 2 s. */
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
