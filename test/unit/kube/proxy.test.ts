import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { createFakeClock } from '../../support/clock.ts';
import { startFakeApiServer } from './fake-api-server.ts';
import { aClient, aWidget, until, widgets } from './settings.ts';

test("a kubeconfig's proxy-url carries requests and streams", async () => {
  const api = await startFakeApiServer('http/1.1 over TLS');
  const asked: (string | undefined)[] = [];
  const sockets = new Set<Socket>();
  const proxy = createServer();
  proxy.on('connection', (socket: Socket) => sockets.add(socket.on('error', () => {})));
  proxy.on('connect', (request, socket: Socket) => {
    asked.push(request.url);
    const inside = connect(Number(api.access.server.port), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      inside.pipe(socket).pipe(inside);
    });
    inside.on('error', () => {});
    sockets.add(inside);
  });
  await new Promise<void>((resolve) => void proxy.listen(0, '127.0.0.1', resolve));
  const { port } = proxy.address() as AddressInfo;
  Object.assign(api.access, { proxy: `http://127.0.0.1:${port}` });
  const client = aClient(api, createFakeClock());

  const reading = client.get(widgets, 'default', 'a');
  (await api.next()).json(200, aWidget('a', 1, 'red'));
  expect(await reading).toMatchObject({ spec: { color: 'red' } });
  const lines: string[] = [];
  const streaming = client.stream('/watch', {
    signal: new AbortController().signal,
    onLine: (line) => lines.push(line),
  });
  const watch = await api.next();
  watch.open();
  watch.raw('one\n');
  await until(() => lines.length === 1);
  watch.end();
  await streaming;
  expect(asked).toEqual([api.access.server.host, api.access.server.host]);

  await client.close();
  for (const socket of sockets) socket.destroy();
  proxy.close();
  await api.close();
});
