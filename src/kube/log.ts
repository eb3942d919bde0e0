/** Where the runtime writes what it did. A pino logger fits. Messages are constant; what varies is in `fields`. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

const nothing = () => {};

/** For callers that do not care. */
export const silentLog: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing };
