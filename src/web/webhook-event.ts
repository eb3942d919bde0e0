import { hash } from 'node:crypto';
import { z } from 'zod';
import { longestEventID, revokers } from '../api/revocation-report.ts';
import { days, type Instant, parseInstant } from '../clock.ts';
import type { RevocationReport } from '../domain/revocation-report.ts';

/** What a delivery whose signature is good says. */
export type WebhookEvent =
  | {
      readonly kind: 'Revoked';
      /** Absent when Square names no seller: then nobody's connection is meant. */
      readonly merchantID?: string;
      readonly report: RevocationReport;
    }
  /** Of another type, which no connection depends on. */
  | { readonly kind: 'Other' }
  /** Not what Square documents. Sending it again would not help. */
  | { readonly kind: 'Unreadable' };

/** Square's schema lets every field be absent or null; one that is neither, nor what it should be, counts as absent. */
const text = (most: number) =>
  z
    .string()
    .min(1)
    .max(most)
    .nullish()
    .catch(undefined)
    .transform((value) => value ?? undefined);
const object = <S extends z.ZodRawShape>(shape: S) => z.object(shape).nullish().catch(undefined);

const revocation = object({ revoked_at: text(48), revoker_type: z.enum(revokers).catch('UNKNOWN') });

const payload = z.object({
  type: z.string(),
  merchant_id: text(191),
  event_id: text(longestEventID).transform((id) => (id !== undefined && /^[!-~]+$/.test(id) ? id : undefined)),
  created_at: text(48),
  data: object({ object: object({ revocation }) }),
});

/**
 * Reads the body of a delivery (Square, webhook event `oauth.authorization.revoked`). Where it has no ID, its bytes stand for
 * one: a repetition has the same ones. Where it has no time that can be true, it counts as of `now`: what it reports is asked
 * about once more than need be, rather than never. Never throws.
 */
export function readWebhookEvent(body: Uint8Array, now: Instant): WebhookEvent {
  const read = payload.safeParse(json(body));
  if (!read.success) return { kind: 'Unreadable' };
  const { type, merchant_id: merchantID, event_id: eventID, created_at: createdAt, data } = read.data;
  if (type !== 'oauth.authorization.revoked') return { kind: 'Other' };
  const { revoked_at: revokedAt, revoker_type: revoker = 'UNKNOWN' } = data?.object?.revocation ?? {};
  return {
    kind: 'Revoked',
    ...(merchantID === undefined ? {} : { merchantID }),
    report: {
      eventID: eventID ?? hash('sha256', body, 'hex').slice(0, longestEventID),
      revokedAt: [revokedAt, createdAt].map((at) => instantOf(at, now)).find((at) => at !== undefined) ?? now,
      revoker,
    },
  };
}

/** Square repeats a report for a day (Square, "Webhook delivery"), and no token is older than this. */
const longestAgo = days(30);

function instantOf(text: string | undefined, now: Instant): Instant | undefined {
  const at = parseInstant(text ?? '');
  return at === undefined || at < now - longestAgo ? undefined : at;
}

function json(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    return undefined;
  }
}
