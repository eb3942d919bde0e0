import { z } from 'zod';

/**
 * The schema of `SquareConnection`: types, parsing and the CRD are made from it. It uses only what a structural CRD can
 * say: open objects (the API server prunes), patterns, bounds, and CEL under `x-kubernetes-validations`.
 */

const name253 = z.string().min(1).max(253);

/** A duration: hours, minutes and seconds, such as `168h`, `1h30m` or `90s`. */
export const duration = z
  .string()
  .max(32)
  .regex(/^([0-9]+h)?([0-9]+m)?([0-9]+s)?$/);

export const secretKeyRef = z.object({
  name: name253.meta({ description: 'Name of a Secret of type square-operator.dev/credential in the same namespace.' }),
  key: z.string().min(1).max(253).optional().meta({ description: 'Key within the Secret.' }),
});

const credentialSource = z.object({
  secretRef: secretKeyRef.optional(),
  sealed: z.string().min(1).max(8192).optional(),
});
export type CredentialSource = z.infer<typeof credentialSource>;

export const credentialKinds = ['refreshToken', 'migrationToken', 'personalAccessToken'] as const;
export type CredentialKind = (typeof credentialKinds)[number];

export const credential = z.object({
  refreshToken: credentialSource.optional(),
  migrationToken: credentialSource.optional(),
  personalAccessToken: credentialSource.optional(),
});

/** What a token Secret can hold. */
export const tokenSecretValues = ['accessToken', 'expiresAt', 'merchantID', 'environment', 'baseURL'] as const;
export type TokenSecretValue = (typeof tokenSecretValues)[number];

const secretKeyName = z.string().min(1).max(253);

export const tokenSecret = z.object({
  name: name253.optional(),
  keys: z
    .object({
      accessToken: secretKeyName.optional(),
      expiresAt: secretKeyName.optional(),
      merchantID: secretKeyName.optional(),
      environment: secretKeyName.optional(),
      baseURL: secretKeyName.optional(),
    })
    .optional(),
  template: z.record(secretKeyName, z.string().max(4096)).optional(),
  type: z.string().min(1).max(253).optional(),
  labels: z.record(z.string(), z.string().max(63)).optional(),
  annotations: z.record(z.string(), z.string().max(4096)).optional(),
});
export type TokenSecretSpec = z.infer<typeof tokenSecret>;

export const environments = ['Production', 'Sandbox'] as const;
export const environment = z.enum(environments);
export type Environment = z.infer<typeof environment>;

/** A Square permission. The list is open: an unknown name is passed through. */
export const scope = z
  .string()
  .max(128)
  .regex(/^[A-Z][A-Z0-9_]*$/);

export const connectionSpec = z.object({
  applicationRef: z.object({ name: name253, namespace: z.string().min(1).max(63).optional() }).optional(),
  environment: environment.optional(),
  credential: credential.optional(),
  merchantID: z.string().min(1).max(191).optional(),
  scopes: z.array(scope).max(100).optional(),
  shortLived: z.boolean().optional(),
  refreshInterval: duration.optional(),
  verifyInterval: duration.optional(),
  secret: tokenSecret.optional(),
  rolloutRestartTargets: z
    .array(z.object({ kind: z.enum(['Deployment', 'StatefulSet', 'DaemonSet']), name: name253 }))
    .max(16)
    .optional(),
  deletionPolicy: z.enum(['Retain', 'Revoke']).optional(),
  suspend: z.boolean().optional(),
});
export type ConnectionSpec = z.infer<typeof connectionSpec>;

const time = z.string().meta({ format: 'date-time' });

export const condition = z.object({
  type: z.string().max(316),
  status: z.enum(['True', 'False', 'Unknown']),
  reason: z.string().max(1024),
  message: z.string().max(32768),
  lastTransitionTime: time,
  observedGeneration: z.int().min(0).optional(),
});
export type Condition = z.infer<typeof condition>;

export const lastFailure = z.object({
  /** When the latest of the failures in a row happened. */
  time,
  /** When the first of them happened. */
  since: time,
  reason: z.string().max(128),
  message: z.string().max(1024),
  /** Failures of this operation in a row. */
  count: z.int().min(1),
});
export type LastFailure = z.infer<typeof lastFailure>;

export const connectionStatus = z.object({
  observedGeneration: z.int().min(0).optional(),
  conditions: z.array(condition).max(16).optional(),
  merchantID: z.string().optional(),
  merchantName: z.string().optional(),
  requestedScopes: z.array(z.string()).optional(),
  scopes: z.array(z.string()).optional(),
  accessTokenIssuedAt: time.optional(),
  accessTokenExpiresAt: time.optional(),
  refreshTokenExpiresAt: time.optional(),
  lastRefreshTime: time.optional(),
  nextRefreshTime: time.optional(),
  lastVerifyTime: time.optional(),
  lastFailure: lastFailure.optional(),
  secretName: z.string().optional(),
  sealedSecretName: z.string().optional(),
  sealingKeyID: z.string().optional(),
  revision: z.int().min(0).optional(),
  authorizeURL: z.string().optional(),
  lastHandledRefreshRequest: z.string().optional(),
  lastHandledDisconnectRequest: z.string().optional(),
  lastHandledAdoptRequest: z.string().optional(),
});
export type ConnectionStatus = z.infer<typeof connectionStatus>;
