import { createHmac, randomUUID } from 'node:crypto';
import { request } from 'undici';
import { type Duration, hours, type Instant, minutes } from '../../src/clock.ts';
import type { Delivery, Subscription } from './rows.ts';
import type { World } from './world.ts';

export type Revoker = 'APPLICATION' | 'MERCHANT' | 'SQUARE';

/** Pauses between attempts (Square, Webhooks overview); after the last the event is dropped. */
const pauses: readonly Duration[] = [...[1, 2, 4, 8, 16, 32, 60].map(minutes), ...[2, 4, 8, 8].map(hours)];

/** `x-square-hmacsha256-signature`: HMAC-SHA256 over the notification URL and the raw body, in base64. */
export const signatureOf = (signatureKey: string, notificationURL: string, body: string): string =>
  createHmac('sha256', signatureKey).update(notificationURL).update(body).digest('base64');

const nanoseconds = (instant: Instant) => `${new Date(instant).toISOString().slice(0, 19)}.246373287Z`;

/** Queues `oauth.authorization.revoked` for every subscription of the application. Returns the event's ID. */
export function revokedEvent(
  world: World,
  about: { readonly clientID: string; readonly merchantID: string },
  revoker: Revoker,
): string {
  const now = world.clock.now();
  const { webhookDelay, webhookDuplicates, holdWebhooks } = world.settings();
  const eventID = randomUUID();
  const body = JSON.stringify({
    merchant_id: about.merchantID,
    type: 'oauth.authorization.revoked',
    event_id: eventID,
    created_at: nanoseconds(now + 4_000),
    data: {
      type: 'revocation',
      id: randomUUID(),
      object: { revocation: { revoked_at: nanoseconds(now), revoker_type: revoker } },
    },
  });
  for (const subscription of world.subscriptions.values()) {
    if (subscription.clientID !== about.clientID) continue;
    for (let copy = 0; copy <= webhookDuplicates; copy += 1) {
      const id = world.deliveries.size + 1;
      const dueAt = now + webhookDelay;
      const state = holdWebhooks ? 'held' : 'due';
      const row: Delivery = {
        id,
        eventID,
        subscriptionID: subscription.id,
        body,
        dueAt,
        firstAt: now,
        attempt: 0,
        state,
      };
      world.deliveries.put(String(id), row);
    }
  }
  return eventID;
}

/** Delivers what is due, one after another, on the simulator's clock. */
export interface Courier {
  /** Looks again now. To be called whenever an event may have become due. */
  look(): void;
  /** Resolves when nothing that is due now is left. */
  settled(): Promise<void>;
  /** Lets held deliveries go, in the order wanted. */
  release(order: 'as sent' | 'reversed'): Promise<void>;
  stop(): Promise<void>;
}

export function createCourier(world: World): Courier {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  const stopping = new AbortController();
  const ready = () => due().find(({ dueAt }) => dueAt <= world.clock.now());
  const due = () => [...world.deliveries.values()].filter(({ state }) => state === 'due').toSorted(byTime);

  async function deliverAll(): Promise<void> {
    for (let next = ready(); next !== undefined && !stopping.signal.aborted; next = ready()) await deliver(world, next);
  }
  function arm() {
    clearTimeout(timer);
    const [next] = due();
    if (stopping.signal.aborted || next === undefined) return;
    timer = setTimeout(look, Math.min(Math.max(0, next.dueAt - world.clock.now()), 2 ** 31 - 1));
    timer.unref();
  }
  function look() {
    if (stopping.signal.aborted) return;
    running ??= deliverAll().finally(() => {
      running = undefined;
      arm();
    });
  }
  const settled = async () => {
    while (ready() !== undefined && !stopping.signal.aborted) {
      look();
      await running;
    }
    await running;
  };
  world.clock.onMove(look);
  look();
  return {
    look,
    settled,
    async release(order) {
      const held = [...world.deliveries.values()].filter(({ state }) => state === 'held');
      const ordered = order === 'reversed' ? held.toReversed() : held;
      const now = world.clock.now();
      for (const [place, row] of ordered.entries()) {
        world.deliveries.put(String(row.id), { ...row, state: 'due', dueAt: now - ordered.length + place });
      }
      await settled();
    },
    async stop() {
      stopping.abort();
      clearTimeout(timer);
      await running;
    },
  };
}

const byTime = (a: Delivery, b: Delivery) => a.dueAt - b.dueAt || a.id - b.id;

/** One attempt. Anything but 2xx, redirects too, is a failure. */
async function deliver(world: World, row: Delivery): Promise<void> {
  const subscription = world.subscriptions.get(row.subscriptionID);
  const result = subscription === undefined ? 'other_error' : await post(world, subscription, row);
  if (/^2\d\d$/.test(result)) {
    world.deliveries.put(String(row.id), { ...row, state: 'delivered', attempt: row.attempt + 1, result });
    return;
  }
  const pause = pauses[row.attempt];
  world.deliveries.put(String(row.id), {
    ...row,
    attempt: row.attempt + 1,
    result,
    ...(pause === undefined ? { state: 'given up' as const } : { dueAt: world.clock.now() + pause }),
  });
}

async function post(world: World, subscription: Subscription, row: Delivery): Promise<string> {
  const { notificationURL, signatureKey } = subscription;
  const retry = {
    'square-retry-number': String(row.attempt),
    'square-retry-reason': row.result === undefined || /^\d/.test(row.result) ? 'http_error' : row.result,
    'square-initial-delivery-timestamp': nanoseconds(row.firstAt),
  };
  try {
    const answer = await request(notificationURL, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'user-agent': 'Square Connect v2',
        'square-environment': world.environment,
        'x-square-hmacsha256-signature': signatureOf(signatureKey, notificationURL, row.body),
        ...(row.attempt === 0 ? {} : retry),
      },
      body: row.body,
      headersTimeout: 10_000,
      bodyTimeout: 10_000,
    });
    await answer.body.dump();
    return String(answer.statusCode);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    return code.includes('TIMEOUT') ? 'http_timeout' : 'other_error';
  }
}
