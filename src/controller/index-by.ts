/** Which members stand under which name, both ways. Most names have one member, which is then kept without a Set. */
export interface Index {
  /** Puts `member` under these names and no others. */
  set(member: string, names: readonly string[]): void;
  delete(member: string): void;
  get(name: string): Iterable<string>;
  count(name: string): number;
}

/** All members of one name. */
interface Group {
  readonly name: string;
  members: string | Set<string>;
}

export function createIndex(): Index {
  const groups = new Map<string, Group>();
  // A member points at its groups, not at names of its own: thousands have the same name, and this keeps it once.
  const groupsOf = new Map<string, Group | readonly Group[]>();

  function join(name: string, member: string): Group {
    const group = groups.get(name);
    if (group === undefined) {
      const made = { name, members: member };
      groups.set(name, made);
      return made;
    }
    if (typeof group.members !== 'string') group.members.add(member);
    else if (group.members !== member) group.members = new Set([group.members, member]);
    return group;
  }

  function leave(group: Group, member: string): void {
    if (typeof group.members !== 'string' && group.members.delete(member) && group.members.size > 0) return;
    groups.delete(group.name);
  }

  const drop = (member: string) => {
    const held = groupsOf.get(member);
    if (held === undefined) return;
    groupsOf.delete(member);
    for (const group of Array.isArray(held) ? (held as readonly Group[]) : [held as Group]) leave(group, member);
  };

  return {
    set(member, names) {
      drop(member);
      const [first, ...more] = names;
      if (first === undefined) return;
      const joins = (name: string) => join(name, member);
      groupsOf.set(member, more.length === 0 ? joins(first) : [...new Set(names)].map(joins));
    },
    delete: drop,
    get(name) {
      const members = groups.get(name)?.members;
      return members === undefined ? [] : typeof members === 'string' ? [members] : members;
    },
    count(name) {
      const members = groups.get(name)?.members;
      return members === undefined ? 0 : typeof members === 'string' ? 1 : members.size;
    },
  };
}
