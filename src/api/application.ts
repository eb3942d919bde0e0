import { z } from 'zod';
import { environment, scope } from './connection.ts';
import { clientSecretRef, secretKeyRef } from './credential.ts';
import { described, labelValue, map, marked, qualifiedName, ruled, set, shaped } from './schema.ts';

/** The schema of `SquareApplication`: types, parsing and the CRD are made from it. */

export { defaultClientSecretKey } from './credential.ts';
export { type ApplicationStatus, applicationStatus } from './status.ts';

export const defaultMaxAuthorizations = 500;

/**
 * Square publishes no limits. This is far more than a fleet at rest needs, lets hundreds of new connections in within
 * seconds, and is cut in half whenever Square answers 429.
 */
export const defaultRateLimit = { requestsPerSecond: 100, burst: 200 } as const;

const url = (description: string) =>
  shaped(description, {
    max: 2048,
    like: /^(https:\/\/[^/?#@\s]+|http:\/\/(localhost|127[.]0[.]0[.]1|\[::1\])(:[0-9]{1,5})?)([/?][^#\s]*)?$/,
    write:
      'write an https URL without user, fragment or spaces, such as https://square.example.com/oauth/callback; plain http only for localhost, 127.0.0.1 and [::1]',
  });

const selectorRequirement = ruled(
  z.object({
    key: shaped('The label.', qualifiedName),
    operator: described(
      'How the label is compared with the values.',
      z.enum(['In', 'NotIn', 'Exists', 'DoesNotExist']),
    ),
    values: described('The values, for In and NotIn.', z.array(labelValue).max(64)).optional(),
  }),
  {
    rule: "(self.operator in ['In', 'NotIn']) == (has(self.values) && self.values.size() > 0)",
    message: 'write values with In and NotIn, and none with Exists and DoesNotExist',
  },
);

const selector = z.object({
  matchLabels: map('Labels that the namespace has, all of them.', qualifiedName, labelValue, 16).optional(),
  matchExpressions: described(
    'Requirements that the labels of the namespace meet, all of them.',
    z.array(selectorRequirement).max(16),
  ).optional(),
});

const allowedNamespaces = ruled(
  z.object({
    from: marked(
      described(
        'Same: connections of the namespace of the application; All: of any namespace; Selector: of namespaces that the selector matches.',
        z.enum(['Same', 'All', 'Selector']),
      ),
      { default: 'Same' },
    ).optional(),
    selector: described('Which namespaces, by their labels. Only with from: Selector.', selector).optional(),
  }),
  {
    rule: "(has(self.from) && self.from == 'Selector') == has(self.selector)",
    message: 'write a selector with from: Selector, and none with any other',
  },
);

const webhook = z.object({
  notificationURL: url('The notification URL of the webhook subscription, as it stands at Square to the letter.'),
  signatureKeyRefs: described(
    'Where the signature keys of the subscription lie; two while a key is being replaced.',
    z.array(secretKeyRef).min(1).max(2),
  ),
});

const calls = (description: string) => described(description, z.int().min(1).max(1000)).optional();

/** A field that is as it was when the object was made. */
const unchanging = <S extends z.ZodType>(field: string, schema: S) =>
  ruled(schema, {
    rule: 'self == oldSelf',
    message: `write the earlier ${field} again: it cannot change. Another ${field} needs another SquareApplication`,
  });

export const applicationSpec = ruled(
  z.object({
    environment: unchanging(
      'environment',
      described("Square's production or its sandbox. It cannot change later.", environment),
    ),
    clientID: unchanging(
      'clientID',
      shaped('Square application ID, from the Developer Console. It cannot change later.', {
        max: 191,
        like: /^[!-~]+$/,
        write: 'write the application ID as the Square Developer Console shows it, without spaces',
      }),
    ),
    clientSecretRef: described(
      'Where the application secret lies. It may be left out with flow: PKCE.',
      clientSecretRef,
    ).optional(),
    previousClientSecretRef: described(
      'Where the earlier application secret lies, while the secret is being replaced at Square: tried once when Square refuses the current one.',
      clientSecretRef,
    ).optional(),
    flow: marked(
      described(
        'How new sellers sign in. Code gives a refresh token that is used many times; PKCE one that is used once and lives 90 days. Authorizations held already keep their own flow.',
        z.enum(['Code', 'PKCE']),
      ),
      { default: 'Code' },
    ).optional(),
    scopes: set('The permissions that sellers are asked for. Connections may add theirs.', scope, 100).optional(),
    redirectURL: url(
      'The callback as it is registered at Square, to the letter. Default: the external URL of the operator and /oauth/callback.',
    ).optional(),
    webhook: described(
      'The webhook subscription for oauth.authorization.revoked, so that a revocation is noticed at once.',
      webhook,
    ).optional(),
    allowedNamespaces: described(
      'Whose connections may use this application. Default: those of its own namespace.',
      allowedNamespaces,
    ).optional(),
    rateLimit: described(
      `A budget for all calls to Square for this application; half of it after every 429, until it has recovered. Default: ${defaultRateLimit.requestsPerSecond} a second and ${defaultRateLimit.burst} at once.`,
      z.object({
        requestsPerSecond: calls('Calls a second, on average.'),
        burst: calls('Calls at once, after a pause. Default: those of two seconds.'),
      }),
    ).optional(),
    maxAuthorizations: marked(
      described(
        'How many sellers Square lets authorize this application: a warning comes at 90 % of it.',
        z.int().min(1).max(1_000_000),
      ),
      { default: defaultMaxAuthorizations },
    ).optional(),
  }),
  {
    rule: "has(self.clientSecretRef) || (has(self.flow) && self.flow == 'PKCE')",
    message: 'write clientSecretRef {name, key}: only flow: PKCE can do without',
  },
  {
    rule: '!has(self.previousClientSecretRef) || has(self.clientSecretRef)',
    message: 'write the current secret in clientSecretRef: previousClientSecretRef is only tried after it',
  },
);
export type ApplicationSpec = z.infer<typeof applicationSpec>;
