import { hash, randomBytes } from 'node:crypto';
import { annotations, labels, managedBy } from '../api/names.ts';
import { openToken } from '../domain/token.ts';
import type { KubeObject } from '../kube/resource.ts';
import { ownedMetadata, readOwned } from './owned-metadata.ts';
import type { RenderedTokenSecret, TokenSecret, TokenSecretShape } from './port.ts';
import { dataOf, typeOf } from './secret-text.ts';

type Texts = Readonly<Record<string, string>>;

const ownLabels = [labels.managedBy];
const ownAnnotations = [annotations.connection, annotations.revision, annotations.state, ownedMetadata];

/** What digests of token Secrets begin with. They are compared within one process only, so it is random and never stored. */
export type DigestKey = string;

export const createDigestKey = (): DigestKey => randomBytes(32).toString('base64url');

/** What the watch keeps of a token Secret. */
export function projectTokenSecret(object: KubeObject, digestKey: DigestKey): TokenSecret {
  const { uid = '', resourceVersion = '', labels: marks = {}, annotations: notes = {} } = object.metadata;
  const data = dataOf(object);
  const owned = readOwned(notes[ownedMetadata]);
  const connection = notes[annotations.connection];
  const state = notes[annotations.state];
  const revision = /^\d{1,15}$/.test(notes[annotations.revision] ?? '')
    ? Number(notes[annotations.revision])
    : undefined;
  return {
    uid,
    resourceVersion,
    managed: marks[labels.managedBy] === managedBy,
    ...(connection !== undefined && { connection }),
    ...(revision !== undefined && { revision }),
    ...(state !== undefined && { state }),
    digest: digestOf(
      digestKey,
      typeOf(object),
      data,
      pick(marks, [...ownLabels, ...owned.labels]),
      pick(notes, [...ownAnnotations, ...owned.annotations]),
    ),
    shape: shared({ keys: Object.keys(data).sort(), ...owned }),
  };
}

/** The digest that the Secret has when nothing of it needs healing: its type, all its data, and the metadata we own. */
export function expectedDigest(secret: RenderedTokenSecret, digestKey: DigestKey): string {
  return digestOf(digestKey, secret.type, encodedData(secret), secret.labels, secret.annotations);
}

/** The values in base64, as the API server takes them. */
export function encodedData(secret: RenderedTokenSecret): Record<string, string> {
  return Object.fromEntries(
    Object.entries(secret.data).map(([key, value]) => [key, Buffer.from(openToken(value)).toString('base64')]),
  );
}

/**
 * One hash in one call: it is made twice of every token Secret at a start, and an HMAC takes twice as long. Nobody outside
 * sees a digest or can bring one, so that a hash of key and text can be continued helps nobody.
 */
function digestOf(key: DigestKey, type: string, ...parts: [data: Texts, labels: Texts, annotations: Texts]): string {
  const told: unknown[] = [type];
  for (const texts of parts) {
    const names = Object.keys(texts).sort();
    told.push(names.length);
    for (const name of names) told.push(name, texts[name]);
  }
  return hash('sha256', key + JSON.stringify(told), 'base64url');
}

function pick(texts: Texts, names: readonly string[]): Texts {
  const picked: Record<string, string> = {};
  for (const name of names) if (Object.hasOwn(texts, name)) picked[name] = texts[name] ?? '';
  return picked;
}

const shapes = new Map<string, TokenSecretShape>();
/** More shapes than this are kept one by one: they are somebody's doing, not ours. */
const mostShapes = 1_000;

/** One object for all Secrets that look alike: thousands do. */
function shared(shape: TokenSecretShape): TokenSecretShape {
  const id = JSON.stringify(shape);
  const known = shapes.get(id);
  if (known !== undefined) return known;
  if (shapes.size < mostShapes) shapes.set(id, shape);
  return shape;
}
