import type { Key } from '../kube/resource.ts';

/** One reason to doubt a token; another one later is another doubt. */
export type Doubt = symbol;

/** Connections whose token may have been ended by something that was done elsewhere, until they have asked Square. */
export interface Doubts {
  get(key: Key): Doubt | undefined;
  /** Square was asked after `doubt` was seen. */
  settle(key: Key, doubt: Doubt): void;
}

/** `tell` has the connection looked at. */
export function createDoubts(tell: (key: Key) => void): Doubts & { raise(key: Key): void } {
  const held = new Map<Key, Doubt>();
  return {
    get: (key) => held.get(key),
    settle(key, doubt) {
      if (held.get(key) === doubt) held.delete(key);
    },
    raise(key) {
      held.set(key, Symbol(key));
      tell(key);
    },
  };
}
