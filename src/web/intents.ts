import { annotations, squareConnections } from '../api/names.ts';
import { type Clock, formatInstant, type Instant } from '../clock.ts';
import { isReason, type KubeClient } from '../kube/client.ts';
import type { EventRecorder } from '../kube/events.ts';
import type { Logger } from '../observability/logger.ts';
import type { ConnectionRef } from './sign-in-port.ts';

/** What people ask for on the pages. The controller acts on it and answers in the status. */
export type Intent = 'refresh' | 'disconnect' | 'connect' | 'suspend' | 'resume';

export interface Asked {
  readonly intent: Intent;
  readonly ref: ConnectionRef;
  /** Who asks, for the event: a user name of the cluster, or `the seller`. */
  readonly by: string;
}

export interface IntentsDeps {
  readonly client: KubeClient;
  readonly clock: Pick<Clock, 'wall'>;
  readonly events: EventRecorder;
  readonly log: Logger;
}

/** How often somebody else may be faster. */
const tries = 5;

/**
 * Leaves the intent on the connection, for the very object that was shown: not for a later one of the same name. An event
 * and the log tell who asked. False: that object is gone, or on its way out. Rejects with a `KubeError`.
 */
export async function leaveIntent({ client, clock, events, log }: IntentsDeps, asked: Asked): Promise<boolean> {
  const { intent, ref, by } = asked;
  const { namespace, name, uid } = ref;
  const { change, reason, note } = forms[intent];
  for (let left = tries; ; left -= 1) {
    const found = await client.get(squareConnections, namespace, name);
    if (found?.metadata.uid !== uid || found.metadata.deletionTimestamp !== undefined) return false;
    const { resourceVersion = '' } = found.metadata;
    const { metadata = {}, ...rest } = change(clock.wall());
    try {
      const patch = { ...rest, metadata: { ...metadata, uid, resourceVersion } };
      await client.mergePatch(squareConnections, namespace, name, patch);
      break;
    } catch (error) {
      if (left === 1 || !isReason(error, 'Conflict')) throw error;
    }
  }
  const about = { resource: squareConnections, ...ref };
  events.record({ about, type: 'Normal', reason, action: 'Ask', note: `${note} by ${by}, on the web page.` });
  log.info({ namespace, name, intent, by }, 'somebody asked for something on the web page');
  return true;
}

interface Form {
  readonly change: (now: Instant) => { readonly metadata?: object; readonly spec?: object };
  readonly reason: string;
  readonly note: string;
}

const annotated = (annotation: string) => (now: Instant) => ({
  metadata: { annotations: { [annotation]: formatInstant(now) } },
});

const forms: Readonly<Record<Intent, Form>> = {
  refresh: {
    change: annotated(annotations.refreshRequestedAt),
    reason: 'RefreshRequested',
    note: 'A new access token was asked for',
  },
  disconnect: {
    change: annotated(annotations.disconnectRequestedAt),
    reason: 'DisconnectRequested',
    note: 'The end of the authorization was asked for',
  },
  connect: {
    change: annotated(annotations.connectRequestedAt),
    reason: 'ConnectRequested',
    note: 'A link for the seller was asked for',
  },
  suspend: {
    change: () => ({ spec: { suspend: true } }),
    reason: 'SuspendRequested',
    note: 'The connection was suspended',
  },
  resume: {
    change: () => ({ spec: { suspend: null } }),
    reason: 'ResumeRequested',
    note: 'The connection was resumed',
  },
};
