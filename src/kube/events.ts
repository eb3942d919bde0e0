import type { Clock } from '../clock.ts';
import type { KubeClient } from './client.ts';
import type { Log } from './log.ts';
import type { Resource } from './resource.ts';

export interface EventAbout {
  resource: Resource;
  namespace?: string | undefined;
  name: string;
  uid?: string | undefined;
  resourceVersion?: string | undefined;
}

export interface EventNote {
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
  /** Resolves when what was recorded has been sent or given up. */
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
  /** Where events about things without a namespace go. */
  namespace: string;
  log?: Log | undefined;
}
