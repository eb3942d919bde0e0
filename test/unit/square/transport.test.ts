import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createSocketServer, type Server, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { seconds, systemClock } from '../../../src/clock.ts';
import { createFakeClock } from '../../support/clock.ts';
import { aClient, aConnectedStage, calls } from './stage.ts';

async function listening(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** An HTTP server that answers as told and counts. */
async function aServer(answer: (response: ServerResponse, request: IncomingMessage) => void) {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    request.resume().on('end', () => answer(response, request));
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: await listening(server), requests, server };
}

/** A bare TCP server. */
async function aSocketServer(accept: (socket: Socket) => void) {
  const sockets = new Set<Socket>();
  const server = createSocketServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    accept(socket);
  });
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return listening(server);
}

describe('a token request whose answer is lost', () => {
  it.each(['before', 'after'] as const)('when the connection drops %s the change is not repeated', async (when) => {
    const { client, simulator, identity, refreshToken } = await aConnectedStage({}, 'PKCE');
    simulator.faults.add({ endpoint: 'token', effect: { kind: 'drop', when } });
    const outcome = await client.obtainToken({ ...identity, grantType: 'refresh_token', refreshToken });
    expect(outcome).toMatchObject({
      ok: false,
      failure: { class: 'Unreachable', reason: 'SquareConnectionLost', maybeActed: true },
    });
    expect(simulator.requests.counts()).toEqual({ token: 1 });
    expect(simulator.ledger.tokenRequests()).toHaveLength(when === 'after' ? 1 : 0);
  });

  it('when it is cut in the middle', async () => {
    const { client, simulator, identity, refreshToken } = await aConnectedStage({}, 'PKCE');
    simulator.faults.add({ endpoint: 'token', effect: { kind: 'truncate' } });
    const outcome = await client.obtainToken({ ...identity, grantType: 'refresh_token', refreshToken });
    expect(outcome).toMatchObject({
      failure: { class: 'Unreachable', reason: 'SquareAnswerTruncated', maybeActed: true },
    });
    expect(simulator.ledger.tokenRequests()).toMatchObject([{ outcome: 'issued', answered: false }]);
  });

  it('when it takes longer than the time limit', async () => {
    const clock = createFakeClock();
    const { client, simulator, identity, refreshToken } = await aConnectedStage({ clock });
    simulator.faults.add({ endpoint: 'token', effect: { kind: 'hang', when: 'after' } });
    const call = client.obtainToken({ ...identity, grantType: 'refresh_token', refreshToken });
    await expect.poll(() => simulator.ledger.tokenRequests().length).toBe(1);
    await clock.advance(seconds(30));
    expect(await call).toMatchObject({ failure: { class: 'Unreachable', reason: 'SquareTimedOut', maybeActed: true } });
    expect(clock.timers()).toBe(0);
  });

  it('when the kept connection ends just as it is written: written once, and reported', async () => {
    let seen = 0;
    const url = await aSocketServer((socket) => {
      socket.on('data', (chunk) => {
        if (!chunk.toString().includes('POST')) return;
        seen += 1;
        if (seen > 1) socket.destroy();
        else socket.write('HTTP/1.1 400 Bad Request\r\ncontent-length: 2\r\nconnection: keep-alive\r\n\r\n{}');
      });
    });
    const { client } = aClient(url);
    await calls(client).refresh();
    expect(await calls(client).refresh()).toMatchObject({ failure: { class: 'Unreachable', maybeActed: true } });
    expect(seen).toBe(2);
  });

  it('is not written to a kept connection that has ended: a new one is opened', async () => {
    const { client, simulator, accessToken } = await aConnectedStage();
    await client.listLocations(accessToken);
    const { url, requests, server } = await aServer((response) => response.end('{}'));
    const other = aClient(url).client;
    await calls(other).locations();
    server.closeIdleConnections();
    expect(await calls(other).locations()).toMatchObject({ ok: true });
    expect(requests).toHaveLength(2);
    expect(simulator.requests.counts()).toEqual({ locations: 1 });
  });
});

describe('no connection', () => {
  it('to a closed port is refused, and nothing was done', async () => {
    const server = createSocketServer();
    const url = await listening(server);
    await new Promise((resolve) => server.close(resolve));
    const outcome = await calls(aClient(url).client).refresh();
    expect(outcome).toMatchObject({ failure: { reason: 'SquareRefusedConnection', maybeActed: false } });
  });

  it('to a name that does not exist', async () => {
    const outcome = await calls(aClient('https://square.invalid').client).refresh();
    expect(outcome).toMatchObject({ failure: { reason: 'SquareNotResolved', maybeActed: false } });
  });

  it('once the client is closed, and closing twice is closing once', async () => {
    const { url, requests } = await aServer((response) => response.end('{}'));
    const { client } = aClient(url);
    await Promise.all([client.close(), client.close()]);
    expect(await calls(client).refresh()).toMatchObject({ failure: { class: 'Unreachable', maybeActed: false } });
    expect(requests).toEqual([]);
  });

  it('by TLS to what speaks no TLS', async () => {
    const { url, requests } = await aServer((response) => response.end('{}'));
    const outcome = await calls(aClient(url.replace('http:', 'https:')).client).refresh();
    expect(outcome).toMatchObject({ failure: { reason: 'SquareTLSFailed', maybeActed: false } });
    expect(requests).toEqual([]);
  });

  it('not at all when it was there before anybody could look', async () => {
    const timers: (() => void)[] = [];
    const clock = { ...systemClock, after: (_: number, due: () => void) => (timers.push(due), () => {}) };
    const { url } = await aServer((response) => {
      response.end('{"errors":[{"category":"API_ERROR","code":"INTERNAL_SERVER_ERROR"}]}');
      // As in a process that was stopped for longer than the limit: its timers come before its sockets.
      for (const due of timers) due();
    });
    const { client } = aClient(url, { clock });
    expect(await calls(client).refresh()).toMatchObject({
      failure: { reason: expect.not.stringMatching('SquareTimedOut') },
    });
  });

  it('within the time limit while others hold all connections', async () => {
    const timers: (() => void)[] = [];
    const clock = { ...systemClock, after: (_: number, due: () => void) => (timers.push(due), () => {}) };
    const { url, requests } = await aServer(() => {});
    const { client } = aClient(url, { clock, connections: 1 });
    const first = calls(client).refresh();
    await expect.poll(() => requests.length).toBe(1);
    const second = calls(client).refresh();
    timers[1]?.();
    expect(await second).toMatchObject({ failure: { reason: 'SquareTimedOut', maybeActed: false } });
    timers[0]?.();
    expect(await first).toMatchObject({ failure: { reason: 'SquareTimedOut', maybeActed: true } });
    await client.close();
    expect(requests).toHaveLength(1);
  });
});

describe('an answer', () => {
  it('with a redirect is not followed', async () => {
    const { url, requests } = await aServer((response) => response.writeHead(307, { location: '/elsewhere' }).end());
    expect(await calls(aClient(url).client).refresh()).toMatchObject({ failure: { reason: 'SquareRedirected' } });
    expect(requests).toEqual(['POST /oauth2/token']);
  });

  it.each([
    ['said to be', true],
    ['found to be', false],
  ])('%s larger than the limit is dropped', async (_, announced) => {
    const body = `{"access_token":"${'x'.repeat(70_000)}"}`;
    const { url } = await aServer((response) => {
      if (announced) response.setHeader('content-length', body.length);
      response.end(body);
    });
    const outcome = await calls(aClient(url).client).refresh();
    expect(outcome).toMatchObject({ failure: { class: 'Unknown', reason: 'SquareAnswerTooLarge', maybeActed: true } });
  });

  it('of many locations is taken whole', async () => {
    const location = { id: 'L', status: 'ACTIVE', merchant_id: 'ML', note: 'x'.repeat(1_000) };
    const body = JSON.stringify({ locations: Array.from({ length: 2_000 }, () => location) });
    const { url } = await aServer((response) => response.end(body));
    const outcome = await calls(aClient(url).client).locations();
    expect(outcome).toMatchObject({ ok: true, value: { count: 2_000, active: 2_000, merchantID: 'ML' } });
  });

  it('that is packed although nobody asked says nothing', async () => {
    const { url } = await aServer((response) => {
      response.writeHead(401, { 'content-encoding': 'gzip' }).end(gzipSync('{"message":"Invalid refresh token"}'));
    });
    expect(await calls(aClient(url).client).refresh()).toMatchObject({ failure: { class: 'Unknown' } });
  });

  it('with a wrong content type is judged by its body', async () => {
    const body = '{"message":"Invalid refresh token","type":"service.not_authorized"}';
    const { url } = await aServer((response) => response.writeHead(401, { 'content-type': 'text/html' }).end(body));
    expect(await calls(aClient(url).client).refresh()).toMatchObject({ failure: { class: 'RefreshTokenRefused' } });
  });

  it.each([
    ['7', seconds(7)],
    ['999999', seconds(3_600)],
    ['Thu, 01 Jan 2026 00:00:09 GMT', seconds(9)],
    ['soon', undefined],
  ])('that says Retry-After: %s gives the pause', async (value, retryAfter) => {
    const headers = { 'retry-after': value, date: 'Thu, 01 Jan 2026 00:00:00 GMT' };
    const { url } = await aServer((response) => response.writeHead(429, headers).end());
    const outcome = await calls(aClient(url).client).locations();
    expect(outcome.ok ? undefined : outcome.failure.retryAfter).toBe(retryAfter);
  });
});
