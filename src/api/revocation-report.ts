import { z } from 'zod';

/** Who ended an authorization (Square, Webhook event `oauth.authorization.revoked`); `UNKNOWN` when Square names nobody known. */
export const revokers = ['APPLICATION', 'MERCHANT', 'SQUARE', 'UNKNOWN'] as const;
export type Revoker = (typeof revokers)[number];

/** So many reports are remembered on a connection. */
export const reportsRemembered = 4;

/** The longest ID of an event that is kept as it is. Square's are UUIDs. */
export const longestEventID = 64;

/** The annotation's value is never longer: every report takes at most about 170 characters. */
export const longestReports = 1_024;

/** One report in the annotation `square-operator.dev/revocation-reported`, whose value is a JSON list of them, in the order in which they came. */
export const writtenReport = z.object({
  eventID: z
    .string()
    .min(1)
    .max(longestEventID)
    .regex(/^[!-~]+$/),
  revokedAt: z.string().max(48),
  revoker: z.enum(revokers),
});

export const writtenReports = z.array(writtenReport).max(reportsRemembered);
