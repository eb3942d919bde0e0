import { z } from 'zod';
import { credential } from './credential.ts';
import { durationBetween, durationIs } from './duration.ts';
import { described, listByKeys, marked, namespaceName, objectName, ruled, set, shaped } from './schema.ts';
import { tokenSecret } from './token-secret.ts';

/** The schema of `SquareConnection`: types, parsing and the CRD are made from it. */

export { type CredentialKind, type CredentialSource, credential, credentialKinds, secretKeyRef } from './credential.ts';
export { duration } from './duration.ts';
export {
  type Condition,
  type ConnectionStatus,
  condition,
  connectionStatus,
  type LastFailure,
  lastFailure,
} from './status.ts';
export { type TokenSecretSpec, type TokenSecretValue, tokenSecret, tokenSecretValues } from './token-secret.ts';

export const environments = ['Production', 'Sandbox'] as const;
export const environment = z.enum(environments);
export type Environment = z.infer<typeof environment>;

/** A Square permission. The list is open: an unknown name is passed through. */
export const scope = shaped('A Square permission, such as ORDERS_READ.', {
  max: 128,
  like: /^[A-Z][A-Z0-9_]*$/,
  write: 'write a permission as Square names it, such as MERCHANT_PROFILE_READ: capitals, digits and underscores',
});

/** Applied where the connection asks for nothing else. */
export const defaultVerifyInterval = '1h';

/** In CEL: whether the connection holds a personal access token. */
const personal = '(has(self.credential) && has(self.credential.personalAccessToken))';

/** In CEL: the type of the token Secret that `spec` asks for. */
const secretType = (spec: string) =>
  `(has(${spec}.secret) && has(${spec}.secret.type) ? ${spec}.secret.type : 'Opaque')`;

const rolloutRestartTarget = z.object({
  kind: described('What kind of workload it is.', z.enum(['Deployment', 'StatefulSet', 'DaemonSet'])),
  name: objectName('Name of the workload, in the namespace of the connection.'),
});

export const connectionSpec = ruled(
  z.object({
    applicationRef: described(
      'The SquareApplication by which the seller authorizes. Required unless the credential is a personal access token.',
      z.object({
        name: objectName('Name of the SquareApplication.'),
        namespace: namespaceName(
          'Its namespace. Default: the namespace of the connection. Another one must be allowed by the application.',
        ).optional(),
      }),
    ).optional(),
    environment: described(
      'Where a personal access token is good. An application tells its own environment.',
      environment,
    ).optional(),
    credential: described(
      'What the connection starts from. Without it the seller signs in on the web.',
      credential,
    ).optional(),
    merchantID: shaped(
      'The only seller that this connection takes. Without it the first authorization decides, until a disconnect.',
      { max: 191, like: /^[!-~]+$/, write: 'write a merchant ID as Square shows it, without spaces' },
    ).optional(),
    scopes: set(
      'The permissions that this connection needs, beyond those of the application. A change asks for one new token.',
      scope,
      100,
    ).optional(),
    shortLived: described(
      'Ask for access tokens that live 24 hours, in place of 30 days. A change asks for one new token.',
      z.boolean(),
    ).optional(),
    refreshInterval: durationBetween(
      'The longest time from one refresh to the next; each is due after 80 to 95 % of it. From 1m to 168h; with shortLived at most 20h. Without it: 168h, with shortLived 12h.',
      '1m',
      '168h',
    ).optional(),
    verifyInterval: marked(
      durationBetween(
        'How often Square is asked whether the access token works (ListLocations). From 1m to 24h.',
        '1m',
        '24h',
      ),
      { default: defaultVerifyInterval },
    ).optional(),
    secret: described('The Secret that workloads read the access token from.', tokenSecret).optional(),
    rolloutRestartTargets: listByKeys(
      'Workloads that are restarted when the token changes. Only where the operator runs with --enable-rollout-restart, and the workload carries the annotation square-operator.dev/allow-restart: "true".',
      rolloutRestartTarget,
      16,
      ['kind', 'name'],
    ).optional(),
    deletionPolicy: marked(
      described(
        'What a deletion of the connection does. Retain loses nothing and revokes nothing. Revoke ends the authorization at Square, then removes both Secrets; where other connections use the same authorization only the access token is ended, unless the annotation square-operator.dev/revoke-all is "true". What Square cannot be had to end within 10 tries (half an hour) is retained.',
        z.enum(['Retain', 'Revoke']),
      ),
      { default: 'Retain' },
    ).optional(),
    suspend: described('No calls to Square and no writing of Secrets while this is true.', z.boolean()).optional(),
  }),
  {
    rule: `has(self.applicationRef) || ${personal}`,
    message: 'write applicationRef {name}: only a credential.personalAccessToken can do without an application',
  },
  {
    rule: `!has(self.environment) || (${personal} && !has(self.applicationRef))`,
    message:
      'leave environment out: the application tells it. It is for a credential.personalAccessToken without applicationRef',
    fieldPath: '.environment',
  },
  {
    rule: `has(self.environment) || has(self.applicationRef) || !${personal}`,
    message:
      'write environment: Production or Sandbox, since no application tells where the personal access token is good',
  },
  {
    rule: `!has(self.shortLived) || !self.shortLived || !has(self.refreshInterval) || ${durationIs('self.refreshInterval', "<= duration('20h')")}`,
    message: 'write a refreshInterval of at most 20h: with shortLived the access token lives 24 hours',
    fieldPath: '.refreshInterval',
  },
  {
    rule: `${secretType('self')} == ${secretType('oldSelf')}`,
    message:
      'write the earlier secret.type again: the type of a Secret cannot change. Another type needs another connection',
  },
);
export type ConnectionSpec = z.infer<typeof connectionSpec>;
