/** Which members stand under which name, both ways. Most names have one member, which is then kept without a Set. */
export interface Index {
  /** Puts `member` under these names and no others. */
  set(member: string, names: readonly string[]): void;
  delete(member: string): void;
  get(name: string): Iterable<string>;
  count(name: string): number;
}

export function createIndex(): Index {
  const members = new Map<string, string | Set<string>>();
  const namesOf = new Map<string, readonly string[]>();

  function add(name: string, member: string): void {
    const held = members.get(name);
    if (held === undefined) members.set(name, member);
    else if (typeof held !== 'string') held.add(member);
    else if (held !== member) members.set(name, new Set([held, member]));
  }

  function remove(name: string, member: string): void {
    const held = members.get(name);
    if (held === member) members.delete(name);
    else if (held instanceof Set && held.delete(member) && held.size === 0) members.delete(name);
  }

  const drop = (member: string) => {
    for (const name of namesOf.get(member) ?? []) remove(name, member);
    namesOf.delete(member);
  };

  return {
    set(member, names) {
      drop(member);
      if (names.length === 0) return;
      namesOf.set(member, names);
      for (const name of names) add(name, member);
    },
    delete: drop,
    get(name) {
      const held = members.get(name);
      return held === undefined ? [] : typeof held === 'string' ? [held] : held;
    },
    count(name) {
      const held = members.get(name);
      return held === undefined ? 0 : typeof held === 'string' ? 1 : held.size;
    },
  };
}
