import type { Condition } from '../api/connection.ts';

/** A stored condition, as far as later passes need it. */
export interface StoredCondition {
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly since: string;
}

type Said = Pick<StoredCondition, 'status' | 'reason'>;

/**
 * The conditions of a stored status. Thousands of connections say the same and differ only in since when, so what is
 * said is kept once for all of them. A class, so that its methods exist once, too.
 */
export class StoredConditions {
  readonly #said: ReadonlyMap<string, Said>;
  /** In the order of what is said; one text where all are the same. */
  readonly #since: string | readonly string[];

  constructor(conditions: readonly Condition[]) {
    this.#said = shared(conditions);
    const [first = ''] = conditions.map(({ lastTransitionTime }) => lastTransitionTime);
    const same = conditions.every(({ lastTransitionTime }) => lastTransitionTime === first);
    this.#since = same ? first : conditions.map(({ lastTransitionTime }) => lastTransitionTime);
  }

  get(type: string): StoredCondition | undefined {
    const said = this.#said.get(type);
    if (said === undefined) return undefined;
    const since = typeof this.#since === 'string' ? this.#since : this.#since[[...this.#said.keys()].indexOf(type)];
    return { ...said, since: since ?? '' };
  }

  [Symbol.iterator](): IterableIterator<[type: string, said: Said]> {
    return this.#said.entries();
  }
}

const known = new Map<string, ReadonlyMap<string, Said>>();
/** More combinations than this are kept one by one. */
const mostKnown = 1_000;

function shared(conditions: readonly Condition[]): ReadonlyMap<string, Said> {
  const id = conditions.map(({ type, status, reason }) => `${type} ${status} ${reason}`).join();
  const held = known.get(id);
  if (held !== undefined) return held;
  const said = new Map(conditions.map(({ type, status, reason }) => [type, { status, reason }]));
  if (known.size < mostKnown) known.set(id, said);
  return said;
}
