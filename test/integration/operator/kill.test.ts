import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Party } from '../../support/scene.ts';
import { operatorSuite } from '../../support/suite.ts';

const connections = 50;
const kills = 20;
const seed = 20_261_122;

/** Numbers in [0, 1) that are the same in every run (mulberry32). */
function seeded(from: number): () => number {
  let state = from;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

operatorSuite('kill -9', { child: true, flags: ['--leader-elect=false'] }, (world, scene) => {
  const parties: Party[] = [];
  const issued = ({ merchantID }: Party) => world.square.ledger.tokenRequests({ merchantID, outcome: 'issued' }).length;
  /** Tokens that were issued and never sealed. */
  const repeated = (party: Party) => issued(party) - (scene.status(party.name).revision ?? 0);
  const killAndStart = async () => {
    await world.operators.at(-1)?.kill();
    await world.startOperator();
  };
  async function allReady() {
    for (const party of parties) {
      await scene.becomes(party.name, { Ready: 'True/Valid' });
      await world.live.until(`${party.name} is at rest`, () => atRest(party));
    }
  }
  /** No request is open, and what is published is what Square issued last. */
  function atRest({ name, merchantID }: Party): boolean {
    const { 'square-operator.dev/refresh-requested-at': asked } = scene.connection(name).metadata.annotations ?? {};
    const last = world.square.ledger.tokenRequests({ merchantID, outcome: 'issued' }).at(-1);
    return (
      asked === scene.status(name).lastHandledRefreshRequest && scene.values(name)['access-token'] === last?.accessToken
    );
  }

  test(`at ${kills} random moments of a run with ${connections} connections loses nothing`, async () => {
    const random = seeded(seed);
    for (let kill = 1; kill <= kills; kill += 1) {
      const end = performance.now() + random() * 600;
      // The run: connections are made and refreshes are asked for, one after another, at any time.
      while (performance.now() < end) {
        const at = Math.floor(random() * parties.length * 2);
        const party = parties[at];
        if (party !== undefined) await scene.request(party.name, 'refresh');
        else if (parties.length < (kill / kills) * connections) parties.push(await scene.connect());
        else await pause(random() * 20);
      }
      await killAndStart();
    }
    while (parties.length < connections) parties.push(await scene.connect());
    await allReady();
    const total = parties.reduce((sum, party) => sum + repeated(party), 0);
    const all = world.square.ledger.tokenRequests().length;
    process.stdout.write(
      `${kills} kills, ${connections} connections: ${all} token requests, ${total} of them repeated\n`,
    );
    expect(total).toBeGreaterThanOrEqual(0);
    expect(total).toBeLessThanOrEqual(kills);
  }, 180_000);

  test('at the worst moment repeats only what was in flight, and each once', async () => {
    const before = new Map(parties.map((party) => [party, repeated(party)]));
    const spent = world.square.ledger.tokenRequests().length;
    for (const { name } of parties.slice(0, 10)) void scene.request(name, 'refresh');
    await world.live.until('a token was issued', () => world.square.ledger.tokenRequests().length > spent);
    await killAndStart();
    await allReady();
    const more = parties.map((party) => repeated(party) - (before.get(party) ?? 0));
    process.stdout.write(
      `killed with up to 10 requests in flight: ${more.filter((count) => count > 0).length} repeated\n`,
    );
    expect(Math.max(...more)).toBeLessThanOrEqual(1);
  });
});
