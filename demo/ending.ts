/** What ends things, in the reverse of the order in which they came. */
export interface Ending {
  add(end: () => Promise<unknown> | void): void;
  /** Runs what was added, once; an error of one does not keep the others from their end. */
  run(): Promise<void>;
}

export function createEnding(onError: (error: unknown) => void): Ending {
  const ends: (() => Promise<unknown> | void)[] = [];
  let running: Promise<void> | undefined;
  return {
    add: (end) => void ends.push(end),
    run: () =>
      (running ??= (async () => {
        for (let end = ends.pop(); end !== undefined; end = ends.pop()) {
          try {
            await end();
          } catch (error) {
            onError(error);
          }
        }
      })()),
  };
}
