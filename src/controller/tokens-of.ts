import { type Key, keyFrom, splitKey } from '../kube/resource.ts';
import type { View } from '../kube/view.ts';
import type { TokenSecret } from '../secrets/port.ts';
import { createIndex, type Index } from './index-by.ts';

/** The connection that a token Secret belongs to: the one that it names, or else the one of its own name. */
export const ownerOf = (tokenSecret: Key, connection: string | undefined): Key =>
  keyFrom(splitKey(tokenSecret).namespace, connection ?? splitKey(tokenSecret).name);

/**
 * Keys of token Secrets by the key of their connection. Nearly all have one key for both, and of those the watch itself
 * tells: only the others are listed.
 */
export function createTokensOf(tokens: Pick<View<TokenSecret>, 'get'>): Index {
  const others = createIndex();
  const own = (key: Key): Key[] => {
    const connection = tokens.get(key)?.connection;
    return connection !== undefined && ownerOf(key, connection) === key ? [key] : [];
  };
  return {
    set: (member, names) =>
      others.set(
        member,
        names.filter((name) => name !== member),
      ),
    delete: (member) => others.delete(member),
    get: (name) => [...own(name), ...others.get(name)],
    count: (name) => own(name).length + others.count(name),
  };
}
