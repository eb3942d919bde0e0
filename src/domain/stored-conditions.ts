import type { Condition } from '../api/connection.ts';
import { formatInstant, type Instant, parseInstant } from '../clock.ts';

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
  /** In the order of what is said; one number where all are the same. */
  readonly #since: Instant | readonly Instant[];

  /** A condition without a readable time counts as none: it is told anew. */
  constructor(conditions: readonly Condition[]) {
    const dated = conditions.flatMap((condition) => {
      const since = parseInstant(condition.lastTransitionTime);
      return since === undefined ? [] : [{ ...condition, since }];
    });
    this.#said = shared(dated);
    const times = dated.map(({ since }) => since);
    const [first] = times;
    this.#since = first !== undefined && times.every((time) => time === first) ? first : times;
  }

  get(type: string): StoredCondition | undefined {
    const said = this.#said.get(type);
    if (said === undefined) return undefined;
    const since = typeof this.#since === 'number' ? this.#since : this.#since[[...this.#said.keys()].indexOf(type)];
    return { ...said, since: formatInstant(since ?? 0) };
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
