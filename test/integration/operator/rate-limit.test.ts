import { expect, test } from 'vitest';
import { days, hours, seconds } from '../../../src/clock.ts';
import type { App } from '../../support/scene.ts';
import { operatorSuite } from '../../support/suite.ts';

operatorSuite('calls to Square', {}, (world, scene) => {
  const ready = ({ name }: App) => world.live.get('applications', world.namespace, name)?.status?.conditions?.[0];
  const requests = ({ clientID }: App) => world.square.requests.entries({ clientID });
  const metric = async (name: string, app: App) => {
    const { text } = (await world.operators.at(-1)?.get('metrics')) ?? { text: '' };
    const line = text.split('\n').find((one) => one.startsWith(`${name}{`) && one.includes(`/${app.name}"`));
    return Number(line?.split(' ')[1]);
  };

  test('keep to the budget of their application, and delay no other', async () => {
    const rateLimit = { requestsPerSecond: 4, burst: 4 };
    const slow = await scene.application('slow', { rateLimit });
    const other = await scene.application('other');
    const parties = await Promise.all(Array.from({ length: 6 }, () => scene.connect({ app: slow })));
    const quick = await scene.connected({ app: other });
    expect(requests(slow).length, 'the other one was served in between').toBeLessThan(24);
    expect(quick.clientID).toBe(other.clientID);
    for (const { name } of parties) await scene.becomes(name, { Ready: 'True/Valid' });
    const times = requests(slow).map(({ at }) => at);
    expect(times).toHaveLength(24);
    for (const [i, from] of times.entries()) {
      for (const [j, to] of times.entries()) {
        if (j < i) continue;
        // What was set aside for a pass may be used a moment later than it was.
        expect(j - i + 1).toBeLessThanOrEqual(
          2 * rateLimit.burst + (rateLimit.requestsPerSecond * (to - from)) / 1_000,
        );
      }
    }
    expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(seconds(4));
    expect(await metric('square_api_budget_requests_per_second', slow)).toBe(4);
  });

  test('pause when Square answers 429, which the application says, and go on at half the rate', async () => {
    const app = await scene.application('limited');
    const party = await scene.connected({ app });
    const bystander = await scene.connected({ app });
    world.square.faults.add({
      endpoint: 'token',
      merchantID: party.merchantID,
      times: 1,
      effect: { kind: 'answer', status: 429, shape: 'V1', code: 'too_many_requests', headers: { 'retry-after': '3' } },
    });
    const before = requests(app).length;
    await scene.request(party.name, 'refresh');
    await world.live.until('the application says so', () => ready(app)?.reason === 'RateLimited');
    expect(ready(app)).toMatchObject({ status: 'True', message: expect.stringMatching(/429.*since \d{4}-/) });
    expect(await metric('square_api_budget_requests_per_second', app)).toBe(0);
    const asked = Date.now();
    await scene.request(bystander.name, 'refresh');
    await world.live.until('it is refreshed', () => scene.status(bystander.name).revision === 2);
    expect(Date.now() - asked).toBeGreaterThan(seconds(1));
    const [refused, next] = requests(app).slice(before);
    expect((next?.at ?? 0) - (refused?.at ?? 0)).toBeGreaterThanOrEqual(seconds(3));
    const rate = await metric('square_api_budget_requests_per_second', app);
    expect(rate).toBeGreaterThanOrEqual(50);
    expect(rate).toBeLessThan(60);
    await scene.becomes(party.name, { Ready: 'True/Valid', Revoked: 'False', Renewable: 'True' });
  });

  test('after a long sleep are made for whom a person waits, who never had a token, and then by what ends first', async () => {
    const app = await scene.application('asleep');
    // In the order in which their tokens end, which is not that of their names.
    const names = ['sleeper-4', 'sleeper-1', 'sleeper-5', 'sleeper-3', 'sleeper-2'];
    for (const name of names) {
      await scene.connected({ name, app });
      await scene.pass(hours(20));
    }
    const asked = await scene.connected({ name: 'asked', app });
    await world.operators.at(-1)?.stop();
    world.square.clock.advance(days(20));
    const fresh = await scene.connect({ name: 'fresh', app });
    await scene.request(asked.name, 'refresh');
    const before = world.square.ledger.tokenRequests({ clientID: app.clientID }).length;
    await world.startOperator();
    for (const name of names) await world.live.until(`${name} is refreshed`, () => scene.status(name).revision === 2);
    const parties = [...names.map((name) => scene.status(name).merchantID), asked.merchantID, fresh.merchantID];
    const wanted = [asked.name, fresh.name, ...names];
    const nameOf = (merchantID = '') => [...names, asked.name, fresh.name][parties.indexOf(merchantID)];
    const order = world.square.ledger.tokenRequests({ clientID: app.clientID }).slice(before);
    expect(order.map(({ merchantID }) => nameOf(merchantID))).toEqual(wanted);
  });
});
