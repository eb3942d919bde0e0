import type { TokenSecretSpec, TokenSecretValue } from '../api/connection.ts';
import { annotations, group, labels, managedBy, sealedSuffix } from '../api/names.ts';
import { formatInstant } from '../clock.ts';
import { openToken, type Token, token } from '../domain/token.ts';
import { ownedMetadata, recordOf } from './owned-metadata.ts';
import type { Rendered, TokenState, TokenValues } from './port.ts';
import { fillTemplate } from './template.ts';

/** The keys of a token Secret where `spec.secret.keys` says nothing. */
export const defaultKeys: Readonly<Record<TokenSecretValue, string>> = {
  accessToken: 'access-token',
  expiresAt: 'expires-at',
  merchantID: 'merchant-id',
  environment: 'environment',
  baseURL: 'base-url',
};

export interface TokenSecretOf {
  readonly namespace: string;
  /** Name of the connection. */
  readonly connection: string;
  /** Generation of the grant that the values are of. */
  readonly generation: number;
  readonly state?: TokenState | undefined;
}

/**
 * The token Secret as `spec.secret` wants it. With `keys` only the values named there are written, without it all;
 * `template` adds keys and replaces default ones. A value that is not known is left out, in a template it is empty.
 */
export function renderTokenSecret(spec: TokenSecretSpec | undefined, values: TokenValues, of: TokenSecretOf): Rendered {
  const fault = faultOf(spec);
  if (fault !== undefined) return { ok: false, message: fault };
  const data = renderData(spec, values);
  if (typeof data === 'string') return { ok: false, message: data };
  const extraLabels = spec?.labels ?? {};
  const extraAnnotations = spec?.annotations ?? {};
  const record = recordOf(Object.keys(extraLabels), Object.keys(extraAnnotations));
  const secret = {
    namespace: of.namespace,
    name: spec?.name ?? of.connection,
    type: spec?.type ?? 'Opaque',
    data,
    labels: { ...extraLabels, [labels.managedBy]: managedBy },
    annotations: {
      ...extraAnnotations,
      [annotations.connection]: of.connection,
      [annotations.revision]: String(of.generation),
      ...(of.state && { [annotations.state]: of.state }),
      ...(record !== undefined && { [ownedMetadata]: record }),
    },
  };
  return { ok: true, secret };
}

/** What no token Secret can be; the rest is the API server's to judge. */
function faultOf(spec: TokenSecretSpec | undefined): string | undefined {
  const { name = '', type = '', labels: more = {}, annotations: notes = {} } = spec ?? {};
  if (name.endsWith(sealedSuffix)) {
    return `spec.secret.name: ${name} ends in ${sealedSuffix}, which is kept for sealed grants: choose another name`;
  }
  if (type.startsWith(`${group}/`)) {
    return `spec.secret.type: ${type} is one of the operator's own: use Opaque or a type of yours`;
  }
  const reserved = [...Object.keys(more), ...Object.keys(notes)].find(
    (key) => key.startsWith(`${group}/`) || key === labels.managedBy,
  );
  return reserved && `spec.secret: the label or annotation ${reserved} is the operator's own: leave it out`;
}

function renderData(spec: TokenSecretSpec | undefined, values: TokenValues): Record<string, Token> | string {
  const texts = textsOf(values);
  const data = new Map<string, Token>();
  for (const [value, key] of Object.entries(spec?.keys ?? defaultKeys)) {
    if (key === undefined) continue;
    if (data.has(key)) return `spec.secret.keys: two values are written to the key ${key}: give each its own`;
    const text = texts[value as TokenSecretValue];
    if (text !== '') data.set(key, token(text));
  }
  const named = new Set(Object.values(spec?.keys ?? {}));
  for (const [key, template] of Object.entries(spec?.template ?? {})) {
    if (named.has(key)) return `spec.secret: the key ${key} stands in both keys and template: leave one out`;
    const filled = fillTemplate(template, texts);
    if (!filled.ok) return `spec.secret.template: the text for ${key} ${filled.why}`;
    data.set(key, token(filled.text));
  }
  const bad = [...data.keys()].find((key) => !/^[-._a-zA-Z0-9]+$/.test(key) || key === '.' || key.startsWith('..'));
  if (bad !== undefined) return `spec.secret: ${bad} cannot be a key of a Secret: use letters, digits, - _ and .`;
  return lackingFor(spec?.type, data) ?? Object.fromEntries(data);
}

/** Keys without which the API server takes no Secret of the type (Kubernetes, "Types of Secret"); of several lists, any one. */
const keysOfTypes: Readonly<Record<string, readonly (readonly string[])[]>> = {
  'kubernetes.io/basic-auth': [['username'], ['password']],
  'kubernetes.io/dockercfg': [['.dockercfg']],
  'kubernetes.io/dockerconfigjson': [['.dockerconfigjson']],
  'kubernetes.io/ssh-auth': [['ssh-privatekey']],
  'kubernetes.io/tls': [['tls.crt', 'tls.key']],
};

function lackingFor(type = 'Opaque', data: ReadonlyMap<string, Token>): string | undefined {
  const enough = keysOfTypes[type];
  if (enough === undefined || enough.some((keys) => keys.every((key) => data.has(key)))) return undefined;
  const wanted = enough.map((keys) => keys.join(' and ')).join(' or ');
  return `spec.secret.type: a Secret of type ${type} needs the key ${wanted}: write it in keys or template, or make another connection, since the type cannot be changed`;
}

function textsOf(values: TokenValues): Record<TokenSecretValue, string> {
  return {
    accessToken: openToken(values.accessToken),
    expiresAt: values.expiresAt === undefined ? '' : formatInstant(values.expiresAt),
    merchantID: values.merchantID ?? '',
    environment: values.environment,
    baseURL: values.baseURL,
  };
}
