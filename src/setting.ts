/** What was read from one text: a value, or what to write instead. */
export type Reading<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly write: string };

/** A JSON schema. */
export type ValueSchema = Readonly<Record<string, unknown>>;

/** A kind of value that a setting can have. */
export interface ValueKind<T> {
  /** The word for the reference and `--help`. */
  readonly word: string;
  /** The value where it stands in YAML or JSON, as in the chart: nothing that `read` takes is refused by it. */
  readonly schema: ValueSchema;
  read(text: string): Reading<T>;
}

const value = <T>(read: T): Reading<T> => ({ ok: true, value: read });
const instead = <T>(write: string): Reading<T> => ({ ok: false, write });

export const path: ValueKind<string> = { word: 'path', schema: { type: 'string' }, read: value };

export const bool: ValueKind<boolean> = {
  word: 'true|false',
  schema: { type: 'boolean' },
  read: (text) => (text === 'true' ? value(true) : text === 'false' ? value(false) : instead('write true or false')),
};

export const wholeNumber = (least: number, most: number): ValueKind<number> => ({
  word: 'number',
  schema: { type: 'integer', minimum: least, maximum: most },
  read(text) {
    const number = /^[0-9]{1,9}$/.test(text) ? Number(text) : Number.NaN;
    return number >= least && number <= most ? value(number) : instead(`write a whole number from ${least} to ${most}`);
  },
});

/** A pattern of the whole numbers from one to another: a schema has no other word for the bounds of a text. */
function digitsFrom(least: string, most: string): string {
  if (least.length < most.length) {
    return `${digitsFrom(least, '9'.repeat(least.length))}|${digitsFrom(`1${'0'.repeat(least.length)}`, most)}`;
  }
  const [low, lower] = [Number(least[0]), least.slice(1)];
  const [high, upper] = [Number(most[0]), most.slice(1)];
  const [zeros, nines] = ['0'.repeat(lower.length), '9'.repeat(lower.length)];
  if (lower === zeros && upper === nines) {
    return `${low === high ? low : `[${low}-${high}]`}${'[0-9]'.repeat(lower.length)}`;
  }
  if (low === high) return `${low}(${digitsFrom(lower, upper)})`;
  const between = high - low > 1 ? [digitsFrom(`${low + 1}${zeros}`, `${high - 1}${nines}`)] : [];
  return [`${low}(${digitsFrom(lower, nines)})`, ...between, `${high}(${digitsFrom(zeros, upper)})`].join('|');
}

/** A time in whole seconds, such as `15s`; read as milliseconds. */
export const wholeSeconds = (least: number, most: number): ValueKind<number> => ({
  word: 'seconds',
  schema: { type: 'string', pattern: `^0*(${digitsFrom(String(least), String(most))})s$` },
  read(text) {
    const number = /^[0-9]{1,6}s$/.test(text) ? Number(text.slice(0, -1)) : Number.NaN;
    return number >= least && number <= most ? value(number * 1_000) : instead(`write ${least}s to ${most}s`);
  },
});

export const oneOf = <const T extends string>(...words: readonly T[]): ValueKind<T> => ({
  word: words.join('|'),
  schema: { type: 'string', enum: words },
  read(text) {
    const found = words.find((word) => word === text);
    return found === undefined ? instead(`write one of ${words.join(', ')}`) : value(found);
  },
});

const namespaceLike = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const namespaceSchema = { type: 'string', pattern: namespaceLike.source };

export const namespace: ValueKind<string> = {
  word: 'namespace',
  schema: namespaceSchema,
  read: (text) => (namespaceLike.test(text) ? value(text) : instead('write the name of one namespace')),
};

/** Names with commas between them; sorted, each once. */
export const namespaces: ValueKind<readonly string[]> = {
  word: 'namespace,…',
  schema: { type: 'array', items: namespaceSchema, uniqueItems: true },
  read(text) {
    const names = text.split(',').map((name) => name.trim());
    return names.every((name) => namespaceLike.test(name))
      ? value([...new Set(names)].sort())
      : instead('write names of namespaces with commas between them, such as shop-a,shop-b');
  },
};

/** Where a server listens. `host` absent: on all addresses; port 0: on a port that is free. */
export interface BindAddress {
  readonly host?: string;
  readonly port: number;
}

/** `:8080`, `127.0.0.1:0`, `[::1]:8080`; `0` is `'off'`. */
export const bindAddress: ValueKind<BindAddress | 'off'> = {
  word: 'address|0',
  schema: { type: 'string' },
  read(text) {
    if (text === '0') return value('off');
    const parts = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]*):([0-9]{1,5})$/.exec(text);
    const port = Number(parts?.[2] ?? Number.NaN);
    if (parts === null || port > 65_535) return instead('write HOST:PORT, :PORT for all addresses, or 0 for off');
    const host = (parts[1] ?? '').replace(/^\[|\]$/g, '');
    return value(host === '' ? { port } : { host, port });
  },
};

const loopback = (hostname: string) =>
  hostname === 'localhost' || hostname === '[::1]' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(hostname);

/** An https URL, or plain http to this machine; without user, query, fragment and final slash. */
export const url = ({ withPath, example }: { withPath: boolean; example: string }): ValueKind<string> => ({
  word: 'URL',
  schema: {
    type: 'string',
    pattern: `^(https://[^\\s/?#@]+|http://(localhost|127[.][0-9]{1,3}[.][0-9]{1,3}[.][0-9]{1,3}|\\[::1\\])(:[0-9]{1,5})?)${withPath ? '(/[^\\s?#]*)?' : '/?'}$`,
  },
  read(text) {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (url === undefined) return instead(`write a URL such as ${example}`);
    if (url.protocol !== 'https:' && !(url.protocol === 'http:' && loopback(url.hostname))) {
      return instead(
        `write an https URL such as ${example}; plain http only to this machine (127.0.0.1, [::1], localhost)`,
      );
    }
    if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
      return instead(`write a URL without user, query and fragment, such as ${example}`);
    }
    if (!withPath && url.pathname !== '/') return instead(`write scheme, host and port only, such as ${example}`);
    return value(`${url.origin}${url.pathname}`.replace(/\/+$/, ''));
  },
});
