import { describe, expect, it } from 'vitest';
import { minutes, seconds } from '../../../src/clock.ts';
import { textOf } from '../../../src/secrets/secret-text.ts';
import { connection } from './small-world/ledger.ts';
import { scenarios } from './small-world/scenarios.ts';
import { createSmallWorld } from './small-world/small-world.ts';

describe('a pass that was under way when the lease was lost', () => {
  it('does not go on when it is won again: another process may have published a newer token', async () => {
    const { prepare, begin, replicas, singleUse, given } = scenarios.requested;
    const world = createSmallWorld({
      choices: ['A patch secrets/bakery-sealed #2: pause after', 'B patch secrets/bakery #2: pause after'],
      replicas,
      singleUse,
      given,
      onState: () => {},
    });
    await prepare(world);
    world.begin();
    await begin(world);
    // A has stored a token and stands still; B publishes it, is asked for another one, publishes that and stands still.
    await world.advance(minutes(2));
    await begin(world);
    await world.advance(seconds(30));
    const published = () => textOf(world.api.find('secrets', connection) ?? { metadata: { name: '' } }, 'access-token');
    const newest = published();
    expect(newest).toBe(world.ledger.record()?.accessToken);
    expect(world.ledger.record()?.generation).toBe(3);
    expect(world.replicas.all.map(({ frozen }) => frozen)).toEqual([true, true]);
    world.end();
    await world.advance(minutes(9));
    expect(world.replicas.leader()).toBe(world.replicas.all[0]?.process);
    expect(world.violations).toEqual([]);
    expect(published()).toBe(newest);
  });
});
