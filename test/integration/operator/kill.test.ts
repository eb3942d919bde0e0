import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Party, Scene } from '../../support/scene.ts';
import { seeded } from '../../support/seeded.ts';
import { operatorSuite } from '../../support/suite.ts';
import type { World } from '../../support/world.ts';

const connections = 50;
const kills = 20;
const seed = 20_261_122;

/** What the ledger of Square and the cluster say of a set of connections. */
function createBooks(world: World, scene: Scene) {
  const parties: Party[] = [];
  const issued = ({ merchantID }: Party) => world.square.ledger.tokenRequests({ merchantID, outcome: 'issued' }).length;
  /** No request is open, and what is published is what Square issued last. */
  function atRest({ name, merchantID }: Party): boolean {
    const { 'square-operator.dev/refresh-requested-at': asked } = scene.connection(name).metadata.annotations ?? {};
    const last = world.square.ledger.tokenRequests({ merchantID, outcome: 'issued' }).at(-1);
    // The watches of connections and of Secrets do not keep step: the Secret may show up after the status that tells of it.
    if (scene.secret(name) === undefined || asked !== scene.status(name).lastHandledRefreshRequest) return false;
    return scene.values(name)['access-token'] === last?.accessToken;
  }
  return {
    parties,
    /** Tokens that were issued and never sealed, because the process was killed in between. */
    repeated: (party: Party) => issued(party) - (scene.status(party.name).revision ?? 0),
    killAndStart: async () => {
      await world.operators.at(-1)?.kill();
      const operator = await world.startOperator();
      while ((await operator.get('readyz')).status !== 200) await pause(20);
    },
    allReady: async () => {
      for (const party of parties) {
        await scene.becomes(party.name, { Ready: 'True/Valid' });
        await world.live.until(`${party.name} is at rest`, () => atRest(party));
      }
    },
  };
}

// A replica that comes after a killed one would have to wait for the lease to run out, 20 times.
const alone = '--leader-elect=false';

operatorSuite('kill -9', { child: true, flags: [alone] }, (world, scene) => {
  test(`at ${kills} random moments of a run with ${connections} connections repeats at most one request each`, async () => {
    const random = seeded(seed);
    const { parties, repeated, killAndStart, allReady } = createBooks(world, scene);
    for (let kill = 1; kill <= kills; kill += 1) {
      const end = performance.now() + random() * 500;
      // The run: connections are made and refreshes are asked for, one after another, at any time.
      while (performance.now() < end) {
        const party = parties[Math.floor(random() * parties.length * 2)];
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
    expect(Math.min(...parties.map(repeated))).toBeGreaterThanOrEqual(0);
    expect(total).toBeLessThanOrEqual(kills);
  }, 180_000);
});

operatorSuite('kill -9, all workers busy', { child: true, flags: [alone] }, (world, scene) => {
  test(`while ${connections} new connections are taken up repeats at most one request`, async () => {
    const { parties, repeated, killAndStart, allReady } = createBooks(world, scene);
    const connecting = Array.from({ length: connections }, () => scene.connect());
    await world.live.until('it is half done', () => world.square.ledger.tokenRequests().length >= connections / 2);
    await killAndStart();
    parties.push(...(await Promise.all(connecting)));
    await allReady();
    const total = parties.reduce((sum, party) => sum + repeated(party), 0);
    process.stdout.write(`killed while ${connections} are taken up: ${total} repeated\n`);
    expect(total).toBeLessThanOrEqual(1);
  }, 60_000);

  test('in the moment in which Square has issued a token loses nothing', async () => {
    const { parties, repeated, killAndStart, allReady } = createBooks(world, scene);
    for (let i = 0; i < 10; i += 1) parties.push(await scene.connected());
    const spent = world.square.ledger.tokenRequests().length;
    const asking = parties.map(({ name }) => scene.request(name, 'refresh'));
    await world.live.until('a token was issued', () => world.square.ledger.tokenRequests().length > spent);
    await killAndStart();
    await Promise.all(asking);
    await allReady();
    expect(parties.reduce((sum, party) => sum + repeated(party), 0)).toBeLessThanOrEqual(1);
  }, 60_000);
});
