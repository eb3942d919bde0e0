import { createHmac, type KeyObject } from 'node:crypto';
import { openToken, type Token } from '../domain/token.ts';
import { type KeyMaterial, SealingKeyError } from './key-material.ts';
import type { KeyRing } from './port.ts';

/**
 * The ring of these keys. Of several active ones the newest seals; where none is active the newest of all does, since
 * what Square gives has to be sealed by something. Digests are made with the oldest of all, retired ones included, so that
 * no key that is added changes them. Throws `SealingKeyError`.
 */
export function ringOf(material: readonly KeyMaterial[], inCluster: boolean): KeyRing {
  const keys = new Map(material.map(({ key }) => [key.id, key]));
  if (keys.size !== material.length) {
    throw new SealingKeyError('KeyRingAmbiguous', 'two sealing keys have the same ID: move one of them away');
  }
  const byAge = material.toSorted((a, b) => a.key.createdAt - b.key.createdAt || (a.key.id < b.key.id ? -1 : 1));
  const [oldest] = byAge;
  const newest = byAge.findLast(({ key }) => key.state === 'Active') ?? byAge.at(-1);
  if (oldest === undefined || newest === undefined) {
    throw new SealingKeyError('KeyRingEmpty', 'there is no sealing key');
  }
  const others = byAge.filter(({ digestKey }, i) => byAge.findIndex((one) => one.digestKey.equals(digestKey)) === i);
  return {
    active: newest.key,
    find: (id) => keys.get(id),
    ids: () => [...keys.keys()],
    inCluster,
    digest: (purpose, value) => digest(oldest.digestKey, purpose, value),
    aloneMakesDigests(id) {
      const key = byAge.find((one) => one.key.id === id);
      const rest = byAge.filter((one) => one !== key);
      return key !== undefined && rest.length > 0 && !rest.some((one) => one.digestKey.equals(key.digestKey));
    },
    otherDigests: (purpose, value) => others.slice(1).map(({ digestKey }) => digest(digestKey, purpose, value)),
  };
}

const digest = (key: KeyObject, purpose: string, value: Token | Uint8Array): string =>
  createHmac('sha256', key)
    .update(`square-operator/digest/1/${purpose}\0`)
    .update(value instanceof Uint8Array ? value : openToken(value))
    .digest('base64url');
