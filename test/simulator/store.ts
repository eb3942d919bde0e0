import { closeSync, existsSync, openSync, readFileSync, renameSync, writeFileSync, writeSync } from 'node:fs';

/** Rows by key. `put` replaces; rows are plain JSON values and are never changed in place. */
export interface Table<T> {
  get(key: string): T | undefined;
  put(key: string, row: T): void;
  values(): Iterable<T>;
  readonly size: number;
}

/**
 * The simulator's memory. With a file every `put` is appended to it as one line before it returns, so what was answered
 * is never forgotten by a killed process; a line torn by the kill is left out when it is read again. On start the file
 * is written anew and put in place by a rename.
 */
export interface Store {
  table<T>(name: string): Table<T>;
  close(): void;
}

type Rows = Map<string, unknown>;

export function createStore(file?: string): Store {
  const tables = file === undefined ? new Map<string, Rows>() : load(file);
  const fd = file === undefined ? undefined : compact(file, tables);
  const rowsOf = (name: string) => {
    const rows = tables.get(name) ?? new Map<string, unknown>();
    tables.set(name, rows);
    return rows;
  };
  return {
    table<T>(name: string): Table<T> {
      const rows = rowsOf(name) as Map<string, T>;
      return {
        get: (key) => rows.get(key),
        put(key, row) {
          rows.set(key, row);
          if (fd !== undefined) writeSync(fd, line(name, key, row));
        },
        values: () => rows.values(),
        get size() {
          return rows.size;
        },
      };
    },
    close() {
      if (fd !== undefined) closeSync(fd);
    },
  };
}

const line = (table: string, key: string, row: unknown) => `${JSON.stringify([table, key, row])}\n`;

function load(file: string): Map<string, Rows> {
  const tables = new Map<string, Rows>();
  if (!existsSync(file)) return tables;
  const lines = readFileSync(file, 'utf8').split('\n');
  const torn = lines.pop();
  for (const [index, text] of lines.entries()) {
    const [name, key, row] = parse(text, `${file}:${index + 1}`);
    const rows = tables.get(name) ?? new Map<string, unknown>();
    tables.set(name, rows.set(key, row));
  }
  if (torn !== undefined && torn !== '') console.error(`simulator: left out a torn last line of ${file}`);
  return tables;
}

function parse(text: string, where: string): [string, string, unknown] {
  try {
    return JSON.parse(text) as [string, string, unknown];
  } catch {
    throw new Error(`${where} is not a line of a simulator's state file`);
  }
}

/** Writes the file anew without replaced rows and returns it opened for appending. */
function compact(file: string, tables: ReadonlyMap<string, Rows>): number {
  const lines = [...tables].flatMap(([name, rows]) => [...rows].map(([key, row]) => line(name, key, row)));
  const next = `${file}.${process.pid}.tmp`;
  writeFileSync(next, lines.join(''), { mode: 0o600, flush: true });
  renameSync(next, file);
  return openSync(file, 'a', 0o600);
}
