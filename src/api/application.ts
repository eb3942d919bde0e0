import { z } from 'zod';
import { condition, environment, scope, secretKeyRef } from './connection.ts';

/** The schema of `SquareApplication`: types, parsing and the CRD are made from it. */
export const applicationSpec = z.object({
  environment,
  clientID: z.string().min(1).max(191),
  clientSecretRef: secretKeyRef.optional(),
  previousClientSecretRef: secretKeyRef.optional(),
  flow: z.enum(['Code', 'PKCE']).optional(),
  scopes: z.array(scope).max(100).optional(),
  redirectURL: z.string().max(2048).optional(),
  webhook: z
    .object({
      notificationURL: z.string().max(2048),
      signatureKeyRefs: z.array(secretKeyRef).min(1).max(2),
    })
    .optional(),
  allowedNamespaces: z
    .object({
      from: z.enum(['Same', 'All', 'Selector']).optional(),
      selector: z
        .object({
          matchLabels: z.record(z.string(), z.string().max(63)).optional(),
          matchExpressions: z
            .array(
              z.object({
                key: z.string().max(316),
                operator: z.enum(['In', 'NotIn', 'Exists', 'DoesNotExist']),
                values: z.array(z.string().max(63)).max(64).optional(),
              }),
            )
            .max(16)
            .optional(),
        })
        .optional(),
    })
    .optional(),
  rateLimit: z
    .object({ requestsPerSecond: z.int().min(1).max(1000).optional(), burst: z.int().min(1).max(1000).optional() })
    .optional(),
  maxAuthorizations: z.int().min(1).max(1_000_000).optional(),
});
export type ApplicationSpec = z.infer<typeof applicationSpec>;

export const applicationStatus = z.object({
  observedGeneration: z.int().min(0).optional(),
  conditions: z.array(condition).max(16).optional(),
  connections: z.object({ total: z.int().min(0), ready: z.int().min(0) }).optional(),
  authorizations: z.int().min(0).optional(),
});
export type ApplicationStatus = z.infer<typeof applicationStatus>;

/** The key of a client secret's Secret where a reference names none. */
export const defaultClientSecretKey = 'client-secret';
export const defaultMaxAuthorizations = 500;
