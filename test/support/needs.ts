import { test } from 'vitest';

/** What this machine lacks for a test and how to get it, or `undefined` when it lacks nothing. */
export type Lack = string | undefined;

/**
 * A test that is skipped, by a name that says why, where something is lacking; with REQUIRE_ALL=1 it fails there instead.
 * `timeout` in milliseconds.
 */
export function testUnless(lack: Lack, name: string, body: () => Promise<void>, timeout: number): void {
  if (lack === undefined) {
    test(name, body, timeout);
  } else if (process.env.REQUIRE_ALL === '1') {
    test(name, () => {
      throw new Error(`REQUIRE_ALL=1 is set and this machine lacks something: ${lack}`);
    });
  } else {
    test.skip(`${name} [skipped: ${lack}]`);
  }
}
