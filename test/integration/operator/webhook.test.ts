import { request } from 'undici';
import { expect, test } from 'vitest';
import { annotations } from '../../../src/api/names.ts';
import { formatInstant, hours, minutes } from '../../../src/clock.ts';
import { parseReports } from '../../../src/domain/revocation-report.ts';
import { signatureOf } from '../../simulator/webhooks.ts';
import { aSecret } from '../../support/objects.ts';
import { ready } from '../../support/operator.ts';
import type { App, Party } from '../../support/scene.ts';
import { operatorSuite } from '../../support/suite.ts';

const keys = { current: 'canary-current-signature-key', next: 'canary-next-signature-key' };

operatorSuite('webhooks of Square', { web: 'http' }, (world, scene) => {
  let made = 0;
  const urlOf = (app: Pick<App, 'name' | 'namespace'>) =>
    `${world.frontDoor?.url}/webhooks/${app.namespace}/${app.name}`;

  /** An application whose webhook is subscribed to at Square, signed with one of its two keys. */
  async function subscribed(signatureKey = keys.current): Promise<App> {
    const name = `pos-${++made}`;
    const notificationURL = urlOf({ name, namespace: world.namespace });
    await scene.create('secrets', aSecret(world.namespace, `${name}-keys`, keys));
    const signatureKeyRefs = ['current', 'next'].map((key) => ({ name: `${name}-keys`, key }));
    const app = await scene.application(name, { webhook: { notificationURL, signatureKeyRefs } });
    world.square.subscribe({ clientID: app.clientID, notificationURL, signatureKey });
    return app;
  }
  const reportsOn = ({ name }: Party) =>
    parseReports(scene.connection(name).metadata.annotations?.[annotations.revocationReported]);
  const asked = ({ merchantID }: Party, endpoint: 'locations' | 'token') =>
    world.square.requests.entries({ endpoint, merchantID }).length;
  const deliveriesOf = (eventID: string) => world.square.webhooks.deliveries().filter((one) => one.eventID === eventID);

  /** A report of this moment, or of another. */
  const aReport = ({ merchantID }: Party, eventID: string, at = world.square.clock.now()) =>
    JSON.stringify({
      merchant_id: merchantID,
      type: 'oauth.authorization.revoked',
      event_id: eventID,
      created_at: formatInstant(at),
      data: { object: { revocation: { revoked_at: formatInstant(at), revoker_type: 'MERCHANT' } } },
    });
  async function send(app: App, body: string, key = keys.current): Promise<number> {
    const { statusCode, body: answer } = await request(urlOf(app), {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-square-hmacsha256-signature': signatureOf(key, urlOf(app), body),
      },
      body,
    });
    expect(await answer.text()).toBe('');
    return statusCode;
  }

  test.each(['current', 'next'] as const)(
    'tell of a revocation within seconds, signed with the %s key, however often Square sends them',
    async (which) => {
      const app = await subscribed(keys[which]);
      const party = await scene.connected({ app });
      const sibling = await scene.connected({ app, merchantID: party.merchantID });
      world.square.settings({ webhookDuplicates: 3 });
      const began = performance.now();
      const { eventID } = world.square.disconnect(party);
      for (const { name } of [party, sibling]) await scene.becomes(name, { Revoked: 'True', Ready: 'False' });
      expect(performance.now() - began).toBeLessThan(10_000);
      await world.square.webhooks.settled();
      world.square.settings({ webhookDuplicates: 0 });
      expect(deliveriesOf(eventID).map(({ state, result }) => `${state} ${result}`)).toEqual(
        Array.from({ length: 4 }, () => 'delivered 200'),
      );
      expect([party, sibling].map((one) => reportsOn(one).map((report) => report.eventID))).toEqual([
        [eventID],
        [eventID],
      ]);
    },
  );

  test('that report what is not so cost one question, and no token request', async () => {
    const app = await subscribed();
    const party = await scene.connected({ app });
    const [questions, tokens] = [asked(party, 'locations'), asked(party, 'token')];
    expect(await send(app, aReport(party, 'not-so'))).toBe(200);
    await world.live.until('Square was asked', () => asked(party, 'locations') > questions);
    expect(await send(app, aReport(party, 'not-so'))).toBe(200);
    await scene.settle();
    expect([asked(party, 'locations') - questions, asked(party, 'token') - tokens]).toEqual([1, 0]);
    await scene.becomes(party.name, { Ready: 'True/Valid', Revoked: 'False' });
  });

  test('that are forged, that are older than the grant, or that name another seller ask nothing', async () => {
    const app = await subscribed();
    const party = await scene.connected({ app });
    const calls = scene.calls(party);
    expect(await send(app, aReport(party, 'forged'), 'a key that Square does not have')).toBe(401);
    expect(await send({ ...app, name: 'nobody' }, aReport(party, 'forged'))).toBe(401);
    expect(await send(app, aReport({ ...party, merchantID: 'MLNOBODY' }, 'of-nobody'))).toBe(200);
    expect(await send(app, aReport(party, 'older', world.square.clock.now() - minutes(5)))).toBe(200);
    await scene.settle();
    expect(reportsOn(party).map(({ eventID }) => eventID)).toEqual(['older']);
    expect(scene.calls(party)).toBe(calls);
  });

  test('that come late, and again, after the seller has signed in anew, change nothing', async () => {
    const app = await subscribed();
    const party = await scene.connected({ app });
    world.square.settings({ holdWebhooks: true, webhookDuplicates: 1 });
    const { eventID: first } = world.square.disconnect(party);
    await scene.pass(hours(1));
    await scene.becomes(party.name, { Revoked: 'True' });
    world.square.clock.advance(minutes(1));
    await scene.signInAgain(party);
    await scene.becomes(party.name, { Ready: 'True/Valid', Revoked: 'False' });
    const calls = scene.calls(party);
    await world.square.webhooks.release('reversed');
    expect(deliveriesOf(first).map(({ result }) => result)).toEqual(['200', '200']);
    await scene.settle();
    expect(scene.calls(party)).toBe(calls);
    await scene.becomes(party.name, { Ready: 'True/Valid', Revoked: 'False' });
    world.square.settings({ holdWebhooks: false, webhookDuplicates: 0 });
  });

  test('may be answered by a replica that does not lead', async () => {
    const app = await subscribed();
    const party = await scene.connected({ app });
    const standby = await world.startOperator();
    await ready(standby);
    expect(standby.isLeader()).toBe(false);
    const { eventID } = world.square.disconnect(party);
    await scene.becomes(party.name, { Revoked: 'True', Ready: 'False' });
    await world.square.webhooks.settled();
    expect(deliveriesOf(eventID)).toMatchObject([{ state: 'delivered', result: '200' }]);
    expect(await counted(standby, 'stored')).toBe(1);
    expect(await send(app, aReport(party, eventID))).toBe(200);
    expect(await counted(standby, 'duplicate')).toBe(1);
  });

  async function counted(operator: (typeof world.operators)[number], result: string): Promise<number> {
    const { text } = await operator.get('metrics');
    return Number(new RegExp(`^square_webhook_deliveries_total\\{result="${result}"\\} (\\d+)`, 'm').exec(text)?.[1]);
  }
});
