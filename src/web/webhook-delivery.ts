import type { ApplicationSpec } from '../api/application.ts';
import { type Clock, type Duration, minutes, seconds, sleep } from '../clock.ts';
import type { Connection } from '../domain/observation.ts';
import type { RevocationReport } from '../domain/revocation-report.ts';
import { cleanToken, type Token } from '../domain/token.ts';
import type { KubeClient } from '../kube/client.ts';
import type { Log } from '../kube/log.ts';
import { type Key, keyFrom } from '../kube/resource.ts';
import { createSlots } from '../kube/slots.ts';
import type { Counted, WebhookResult } from '../observability/port.ts';
import type { CredentialSecret, MemoryVault } from '../secrets/port.ts';
import { isSigned } from '../secrets/webhook-signature.ts';
import { leaveReport } from './leave-report.ts';
import { readWebhookEvent } from './webhook-event.ts';

/** What is followed, as far as a webhook needs it. Every replica follows all of it. */
interface Followed<T> {
  get(key: Key): T | undefined;
  entries(): Iterable<readonly [Key, T]>;
  synced(): boolean;
  healthy(): boolean;
}

export interface WebhookDeps {
  readonly client: Pick<KubeClient, 'get' | 'mergePatch'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Pick<Counted, 'webhookCounted'>;
  readonly vault: Pick<MemoryVault, 'open'>;
  readonly watches: {
    readonly applications: Followed<{ readonly namespace: string; readonly spec?: ApplicationSpec }>;
    readonly connections: Followed<{
      readonly connection: Pick<Connection, 'namespace' | 'spec'>;
      readonly stored: { readonly merchantID?: string };
    }>;
    readonly credentials: Followed<CredentialSecret>;
  };
}

/** One request, whoever sent it. */
export interface Delivery {
  /** `namespace/name`, from the path. */
  readonly application: Key;
  readonly body: Uint8Array;
  readonly signature: string | undefined;
}

export type DeliveryResult = Exclude<WebhookResult, 'throttled' | 'malformed'>;

/** Square waits ten seconds at least for an answer (Square, "Webhook delivery"). */
const storedWithin: Duration = seconds(8);

/** Connections of one seller that are written to at once. */
const writesAtOnce = 8;

/** How often the log says that the deliveries of an application are refused. */
const warnEvery: Duration = minutes(5);

/**
 * What to make of a delivery. Nobody who does not have the application's signature key learns from the answer, or from the
 * time it takes, whether the application exists. `stored` is said only once the report lies in the cluster on every
 * connection that it concerns; `failed` has Square send it again. Never rejects.
 */
export function createWebhooks(deps: WebhookDeps): (delivery: Delivery) => Promise<DeliveryResult> {
  const { watches, log, clock } = deps;
  const followed = [watches.applications, watches.connections, watches.credentials];
  const warned = new Map<Key, Duration>();

  function warnRefused(application: Key): void {
    const now = clock.monotonic();
    if (now < (warned.get(application) ?? -Infinity) + warnEvery) return;
    warned.set(application, now);
    const remedy = 'compare spec.webhook.notificationURL and the signature keys with the subscription at Square';
    log.warn({ application, remedy }, 'a webhook was refused: no signature of this application');
  }

  async function store(application: Key, merchantID: string | undefined, report: RevocationReport) {
    const keys = merchantID === undefined ? [] : concerned(watches.connections, application, merchantID);
    if (keys.length === 0) return 'no_match';
    const slots = createSlots(writesAtOnce);
    const left = await Promise.all(
      keys.map(async (key) => {
        await slots.take();
        try {
          return await leaveReport(deps.client, key, report);
        } finally {
          slots.give();
        }
      }),
    );
    const { eventID, revoker } = report;
    log.info({ application, eventID, revoker, connections: keys }, 'Square reported a revocation');
    return left.includes('Stored') ? 'stored' : left.includes('Known') ? 'duplicate' : 'no_match';
  }

  return async ({ application, body, signature }) => {
    if (!followed.every((watch) => watch.synced() && watch.healthy())) return 'failed';
    const found = watches.applications.get(application);
    const webhook = found?.spec?.webhook;
    const notificationURL = webhook?.notificationURL ?? '';
    if (!isSigned(found === undefined ? [] : signatureKeys(deps, found), { notificationURL, body, signature })) {
      if (webhook !== undefined) warnRefused(application);
      return 'refused';
    }
    const event = readWebhookEvent(body, clock.wall());
    switch (event.kind) {
      case 'Unreadable':
        log.warn({ application, bytes: body.length }, 'a webhook of Square is not what Square documents');
        return 'unreadable';
      case 'Other':
        return 'ignored';
      case 'Revoked':
        return await within(clock, storedWithin, store(application, event.merchantID, event.report)).catch(
          (error: unknown) => {
            log.error({ application, eventID: event.report.eventID, err: error }, 'a revocation could not be noted');
            return 'failed';
          },
        );
    }
  };
}

/** The signature keys that can be read; none while the Secrets are not there. */
function signatureKeys(
  { watches, vault }: WebhookDeps,
  { namespace, spec }: { readonly namespace: string; readonly spec?: ApplicationSpec },
): Token[] {
  return (spec?.webhook?.signatureKeyRefs ?? []).flatMap(({ name, key }) => {
    const value = watches.credentials.get(keyFrom(namespace, name))?.keys[key];
    const clean = value === undefined ? undefined : cleanToken(vault.open(value.sealed));
    return clean?.ok === true ? [clean.value] : [];
  });
}

/**
 * The connections that use this very application, and whose seller it is. Not those of another SquareApplication with the
 * same client ID: that is no secret, and whoever writes it into one of theirs has a signature key of their own.
 */
function concerned(connections: WebhookDeps['watches']['connections'], application: Key, merchantID: string): Key[] {
  const keys: Key[] = [];
  for (const [key, { connection, stored }] of connections.entries()) {
    const spec = connection.spec.ok ? connection.spec.value : undefined;
    const ref = spec?.applicationRef;
    if (ref === undefined || keyFrom(ref.namespace ?? connection.namespace, ref.name) !== application) continue;
    if (stored.merchantID === merchantID || spec?.merchantID === merchantID) keys.push(key);
  }
  return keys;
}

/** Rejects when `work` takes longer than `limit`; what is under way goes on. */
async function within<T>(clock: Clock, limit: Duration, work: Promise<T>): Promise<T> {
  const done = new AbortController();
  const late = sleep(clock, limit, done.signal).then(() => Promise.reject(new Error('The API server is too slow.')));
  try {
    return await Promise.race([work, late]);
  } finally {
    done.abort();
  }
}
