import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebhooksHelper } from 'square';
import { describe, expect, it, onTestFinished } from 'vitest';
import { minutes } from '../../../src/clock.ts';
import { signatureOf } from '../../simulator/webhooks.ts';
import { aStage } from './stage.ts';

/** Takes webhooks; answers as told. */
async function aReceiver(statuses: number[] = []) {
  const received: { headers: IncomingHttpHeaders; body: string }[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      received.push({ headers: request.headers, body });
      response.writeHead(statuses.shift() ?? 200).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks/shop/app`, received };
}

async function aSubscribedStage(statuses: number[] = []) {
  const stage = await aStage();
  const receiver = await aReceiver(statuses);
  const subscription = stage.simulator.subscribe({ clientID: stage.holder.clientID, notificationURL: receiver.url });
  stage.simulator.grant(stage.holder);
  return { ...stage, ...receiver, subscription };
}

describe('the webhook oauth.authorization.revoked', () => {
  it("is signed as Square's own helper expects", async () => {
    const { simulator, holder, url, received, subscription } = await aSubscribedStage();
    const { eventID } = simulator.disconnect(holder);
    await simulator.webhooks.settled();
    expect(received).toHaveLength(1);
    const { headers, body = '' } = received[0] ?? {};
    const signatureHeader = String(headers?.['x-square-hmacsha256-signature']);
    const { signatureKey } = subscription;
    const check = { requestBody: body, signatureHeader, signatureKey, notificationUrl: url };
    expect(await WebhooksHelper.verifySignature(check)).toBe(true);
    expect(await WebhooksHelper.verifySignature({ ...check, requestBody: `${body} ` })).toBe(false);
    expect(headers?.['square-environment']).toBe('Production');
    expect(JSON.parse(body)).toMatchObject({
      merchant_id: holder.merchantID,
      type: 'oauth.authorization.revoked',
      event_id: eventID,
      data: { type: 'revocation', object: { revocation: { revoker_type: 'MERCHANT' } } },
    });
  });

  it('has the signature of the published example', () => {
    const url = 'https://example.com/webhook';
    expect(signatureOf('asdf1234', url, '{"hello":"world"}')).toBe('2kRE5qRU2tR+tBGlDwMEw2avJ7QM4ikPYD/PJ3bd9Og=');
    expect(signatureOf('asdf1234', `${url}/`, '{"hello":"world"}')).toBe(
      'ct/jTCpQ05rpD8ieA5EhEzmSfQwV0MgSsDpmpyLr744=',
    );
  });

  it('comes again a minute later with the same event when it was not taken', async () => {
    const { simulator, holder, received } = await aSubscribedStage([503]);
    simulator.disconnect(holder);
    await simulator.webhooks.settled();
    simulator.clock.advance(minutes(1));
    await simulator.webhooks.settled();
    expect(received).toHaveLength(2);
    expect(received[1]?.body).toBe(received[0]?.body);
    expect(received[1]?.headers).toMatchObject({ 'square-retry-number': '1', 'square-retry-reason': 'http_error' });
    expect(simulator.webhooks.deliveries()).toMatchObject([{ state: 'delivered', attempt: 2 }]);
  });

  it('is given up after eleven retries', async () => {
    const { simulator, holder, received } = await aSubscribedStage(Array.from({ length: 20 }, () => 500));
    simulator.disconnect(holder);
    for (let hour = 0; hour < 30 * 60; hour += 20) {
      await simulator.webhooks.settled();
      simulator.clock.advance(minutes(20));
    }
    await simulator.webhooks.settled();
    expect(received).toHaveLength(12);
    expect(simulator.webhooks.deliveries()).toMatchObject([{ state: 'given up' }]);
  });

  it('comes twice, late, and in the wrong order when a test asks for that', async () => {
    const { simulator, holder, application, received } = await aSubscribedStage();
    simulator.settings({ holdWebhooks: true });
    const other = simulator.addSeller();
    const first = simulator.disconnect(holder);
    const second = simulator.disconnect({ clientID: application.clientID, merchantID: other.merchantID, by: 'SQUARE' });
    await simulator.webhooks.release('reversed');
    const events = () => received.map(({ body }) => (JSON.parse(body) as { event_id: string }).event_id);
    expect(events()).toEqual([second.eventID, first.eventID]);
    simulator.settings({ holdWebhooks: false, webhookDuplicates: 1, webhookDelay: minutes(1) });
    const third = simulator.disconnect(holder);
    await simulator.webhooks.settled();
    expect(received).toHaveLength(2);
    simulator.clock.advance(minutes(1));
    await simulator.webhooks.settled();
    expect(events().slice(2)).toEqual([third.eventID, third.eventID]);
  });

  it('does not come for a single access token', async () => {
    const { simulator, application, holder, received } = await aSubscribedStage();
    const { accessToken } = simulator.grant(holder);
    const body = { client_id: holder.clientID, access_token: accessToken.value, revoke_only_access_token: true };
    const headers = { authorization: `Client ${application.clientSecret}`, 'content-type': 'application/json' };
    const url = `${simulator.url}/oauth2/revoke`;
    expect((await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })).status).toBe(200);
    await simulator.webhooks.settled();
    expect(received).toEqual([]);
    const all = JSON.stringify({ ...body, access_token: undefined, merchant_id: holder.merchantID });
    await fetch(url, { method: 'POST', headers, body: all });
    await simulator.webhooks.settled();
    expect(received[0]?.body).toContain('"revoker_type":"APPLICATION"');
  });
});
