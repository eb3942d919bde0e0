import { z } from 'zod';
import {
  described,
  looksLike,
  marked,
  objectName,
  ruled,
  type Shape,
  secretKey,
  shaped,
  unrepeated,
} from './schema.ts';

const credentialSecretName = objectName(
  'Name of a Secret in the same namespace. It must have the type square-operator.dev/credential, which is your consent to its being read.',
);

/** A key of a Secret of users. */
export const secretKeyRef = z.object({
  name: credentialSecretName,
  key: shaped('Key within the Secret whose value is read.', secretKey),
});

/** The key of a client secret's Secret where a reference names none. */
export const defaultClientSecretKey = 'client-secret';

/** A client secret; `key` has a default. */
export const clientSecretRef = z.object({
  name: credentialSecretName,
  key: marked(shaped('Key within the Secret whose value is the client secret.', secretKey), {
    default: defaultClientSecretKey,
  }).optional(),
});

const base64url = '[A-Za-z0-9_-]+';

const sealedShape: Shape = {
  max: 8192,
  like: new RegExp(`^${Array.from({ length: 5 }, () => base64url).join('[.]')}$`),
  write:
    'write the output of "kubectl square seal": a JWE in compact form, five parts joined by dots. Never a token in clear',
};

const credentialSource = (description: string) =>
  described(
    description,
    ruled(
      z.object({
        secretRef: described('Where the value lies, in a Secret of the same namespace.', secretKeyRef).optional(),
        sealed: unrepeated(
          'The value, sealed offline to the public key of the operator: the output of "kubectl square seal". It opens for this connection alone.',
          sealedShape,
        ).optional(),
      }),
      {
        rule: 'has(self.secretRef) != has(self.sealed)',
        message: 'write exactly one of secretRef {name, key} and sealed',
      },
      {
        rule: `!has(self.sealed) || ${looksLike('self.sealed', sealedShape)}`,
        message: sealedShape.write,
        fieldPath: '.sealed',
      },
    ),
  );

export const credentialKinds = ['refreshToken', 'migrationToken', 'personalAccessToken'] as const;
export type CredentialKind = (typeof credentialKinds)[number];

export const credential = ruled(
  z.object({
    refreshToken: credentialSource(
      'A refresh token of an authorization that exists already. It is tried once when it is new; from then on the sealed grant is what counts, and the value may be removed.',
    ).optional(),
    migrationToken: credentialSource(
      'A legacy access token that Square exchanges once for a refresh token.',
    ).optional(),
    personalAccessToken: credentialSource(
      'A personal access token from the Square Developer Console. It is published and verified, and never refreshed.',
    ).optional(),
  }),
  {
    rule: `[${credentialKinds.map((kind) => `has(self.${kind})`).join(', ')}].exists_one(kind, kind)`,
    message: `write exactly one of ${credentialKinds.join(', ')}; without spec.credential the seller signs in on the web`,
  },
);
export type CredentialSource = NonNullable<z.infer<typeof credential>['refreshToken']>;
