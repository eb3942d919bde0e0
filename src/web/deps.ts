import type { ApplicationSpec } from '../api/application.ts';
import type { Environment } from '../api/connection.ts';
import type { Clock, Instant } from '../clock.ts';
import type { Connection } from '../domain/observation.ts';
import type { StoredStatus } from '../domain/recall.ts';
import type { KubeClient } from '../kube/client.ts';
import type { EventRecorder } from '../kube/events.ts';
import type { View } from '../kube/view.ts';
import type { Logger } from '../observability/logger.ts';
import type { KeyRing } from '../secrets/port.ts';
import type { SignIns } from './sign-in-port.ts';

/** A connection as the watch keeps it: what the list shows, and what says which address is whose. */
export interface ConnectionSeen {
  readonly connection: Connection;
  readonly stored: StoredStatus;
}

/** An application as the watch keeps it. */
export interface ApplicationSeen {
  readonly namespace: string;
  readonly name: string;
  readonly spec?: ApplicationSpec;
}

/** What the pages need. The views are followed on every replica, whether it leads or not. */
export interface WebDeps {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly log: Logger;
  readonly ring: KeyRing;
  readonly events: EventRecorder;
  readonly connections: View<ConnectionSeen>;
  readonly applications: View<ApplicationSeen>;
  readonly signIns: SignIns;
  /** Square's time: ages of tokens are told by it. */
  readonly squareNow: (environment: Environment | undefined) => Instant;
  /** Where browsers reach the pages, without a final slash. */
  readonly externalURL: string;
  /** Square's base URLs, to which forms may lead. */
  readonly squareURLs: readonly string[];
}
