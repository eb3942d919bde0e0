import { expect, test } from 'vitest';
import { type Right, rightFor } from './rights.ts';
import type { World } from './world.ts';

export interface NeededRights {
  /** A test: `act` brings about what the operator cannot do without these rights. */
  readonly needs: (rights: readonly Right[], forWhat: string, act: () => Promise<unknown>) => void;
  /** The last test: what the operator is given is what was needed, and nothing else. */
  readonly areAllOf: (given: readonly Right[]) => void;
}

/**
 * Proves rights one by one, by requests that the API server granted: take one away, and its test fails, since what it waits
 * for is refused. The world has a gateway.
 */
export function neededRights(world: World): NeededRights {
  const needed = new Set<Right>();
  /** What was done, and not refused. */
  const used = () =>
    new Set(
      (world.gateway?.requests({ all: true }) ?? []).flatMap((entry) => {
        const right = rightFor(entry, world.operatorNamespace);
        return right === undefined || entry.status === 0 || entry.status === 403 || entry.status === 422 ? [] : [right];
      }),
    );
  return {
    needs(rights, forWhat, act) {
      for (const right of rights) needed.add(right);
      test(`${forWhat}: ${rights.join(', ')}`, async () => {
        await act();
        for (const right of rights) await world.live.until(right, () => used().has(right), 40_000);
      }, 90_000);
    },
    areAllOf(given) {
      test('are those, and no others', () => {
        expect([...new Set(given)].sort()).toEqual([...needed].sort());
      });
    },
  };
}
