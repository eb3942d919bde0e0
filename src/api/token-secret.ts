import { z } from 'zod';
import {
  described,
  labelValue,
  looksLike,
  map,
  objectName,
  qualifiedName,
  type Rule,
  ruled,
  type Shape,
  secretKey,
  shaped,
  text,
  unrepeated,
} from './schema.ts';

/** What a token Secret can hold. */
export const tokenSecretValues = ['accessToken', 'expiresAt', 'merchantID', 'environment', 'baseURL'] as const;
export type TokenSecretValue = (typeof tokenSecretValues)[number];

const meanings: Readonly<Record<TokenSecretValue, string>> = {
  accessToken: 'the access token',
  expiresAt: 'the end of the access token (RFC 3339)',
  merchantID: "the seller's merchant ID",
  environment: 'the environment: Production or Sandbox',
  baseURL: "the base URL of Square's API in that environment",
};

const keyOf = (value: TokenSecretValue) => shaped(`Secret key that holds ${meanings[value]}.`, secretKey).optional();

const values = tokenSecretValues.join(', ');

/** In CEL: the Secret keys that `keys` names, as a list. */
const namedKeys = (keys: string) =>
  tokenSecretValues.map((value) => `(has(${keys}.${value}) ? [${keys}.${value}] : [])`).join(' + ');

const keys = described(
  `Which values are written, and under which Secret keys. Where this is given, only the values named here are written; otherwise access-token, expires-at, merchant-id, environment and base-url. Values: ${values}.`,
  ruled(
    z.object({
      accessToken: keyOf('accessToken'),
      expiresAt: keyOf('expiresAt'),
      merchantID: keyOf('merchantID'),
      environment: keyOf('environment'),
      baseURL: keyOf('baseURL'),
    }),
    {
      rule: `[${namedKeys('self')}].all(names, names.all(name, names.exists_one(other, other == name)))`,
      message: 'write another Secret key for each value: two of them are the same',
    },
    {
      rule: tokenSecretValues.map((value) => `has(self.${value})`).join(' || '),
      message: `write at least one of ${values}, or leave spec.secret.keys out`,
    },
  ),
);

const placeholders = tokenSecretValues.map((value) => `{{${value}}}`).join(', ');

const templateText: Shape = {
  min: 0,
  max: 4096,
  // No `{{` but that of a placeholder; one expression, since the API server counts what a rule may cost.
  like: new RegExp(`^([^{]|\\{[^{]|\\{\\{(${tokenSecretValues.join('|')})\\}\\})*\\{?$`),
  write: `write placeholders as they stand here, without spaces: ${placeholders}`,
};

const template = ruled(
  map(
    `Further Secret keys with texts of your own, in which ${placeholders} are replaced. For files such as .env or JSON.`,
    secretKey,
    unrepeated('A text with placeholders.', templateText),
    32,
  ),
  { rule: `self.all(k, ${looksLike('self[k]', templateText)})`, message: templateText.write },
);

const notOurs = (what: string): Rule => ({
  rule: `self.all(k, !k.startsWith('square-operator.dev/'))`,
  message: `write no ${what} under square-operator.dev/: the operator writes those itself`,
});

/**
 * Secrets of these types mean something to others: to the operator; to the API server, which lets in whoever bears what a
 * bootstrap token or service account token holds (Kubernetes, "Authenticating with Bootstrap Tokens", "Service account
 * token Secrets"); to Helm, which applies what a release's Secret says. Whoever may write connections need not be somebody
 * who may write those.
 */
const refusedTypes = [
  ...['square-operator.dev/', 'bootstrap.kubernetes.io/', 'helm.sh/'].map((prefix) => `self.startsWith('${prefix}')`),
  "self == 'kubernetes.io/service-account-token'",
].join(' || ');

export const tokenSecret = ruled(
  z.object({
    name: ruled(
      objectName(
        "Name of the Secret. Default: the connection's name. A new name is published before the old one is removed.",
      ),
      {
        rule: "!self.endsWith('-sealed')",
        message: 'write a name that does not end in -sealed: those are kept for sealed grants',
      },
    ).optional(),
    keys: keys.optional(),
    template: template.optional(),
    type: ruled(text('Type of the Secret. Default: Opaque. It cannot change later.', { max: 253 }), {
      rule: `!(${refusedTypes})`,
      message:
        'write Opaque or a type of your own, such as example.com/square: by this one the cluster, Helm or the operator would take the Secret for something else',
    }).optional(),
    labels: ruled(map('Labels of the Secret.', qualifiedName, labelValue, 32), notOurs('label'), {
      rule: "!('app.kubernetes.io/managed-by' in self)",
      message: 'leave app.kubernetes.io/managed-by out: the operator writes it itself',
    }).optional(),
    annotations: ruled(
      map('Annotations of the Secret.', qualifiedName, described('Any text.', z.string().max(4096)), 32),
      notOurs('annotation'),
    ).optional(),
  }),
  ...tokenSecretValues.map((value) => ({
    rule: `!has(self.keys) || !has(self.template) || !has(self.keys.${value}) || !(self.keys.${value} in self.template)`,
    message: `write another Secret key in keys.${value} or in template: both would write the same one`,
  })),
);
export type TokenSecretSpec = z.infer<typeof tokenSecret>;
