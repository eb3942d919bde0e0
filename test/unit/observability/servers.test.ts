import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { seconds, systemClock } from '../../../src/clock.ts';
import { type Checks, report, serveHealth } from '../../../src/observability/health.ts';
import { type Listening, type ListenOptions, listen } from '../../../src/observability/listen.ts';
import { serveMetrics } from '../../../src/observability/metrics-server.ts';
import { createFakeClock } from '../../support/clock.ts';

const options: ListenOptions = { address: { host: '127.0.0.1', port: 0 }, clock: systemClock };
const open: Listening[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

async function at(serving: Promise<Listening>): Promise<(path: string, method?: string) => Promise<Response>> {
  const server = await serving;
  open.push(server);
  return (path, method = 'GET') => fetch(`http://127.0.0.1:${server.port}${path}`, { method });
}

describe('health', () => {
  let trouble: string | undefined;
  const checks: Checks = {
    healthz: { ping: () => undefined },
    readyz: { ping: () => undefined, watches: () => trouble },
  };

  test('is ok, and says why not', async () => {
    const get = await at(serveHealth(options, checks));
    trouble = undefined;
    const good = await get('/readyz');
    expect([good.status, await good.text()]).toEqual([200, 'ok']);
    trouble = 'secrets: not synced';
    const bad = await get('/readyz');
    expect([bad.status, await bad.text()]).toEqual([
      500,
      '[+]ping ok\n[-]watches failed: secrets: not synced\nreadyz check failed\n',
    ]);
    expect((await get('/healthz')).status).toBe(200);
    expect((await get('/readyz', 'HEAD')).status).toBe(500);
  });

  test('lists its checks when asked', async () => {
    const get = await at(serveHealth(options, checks));
    trouble = undefined;
    expect(await (await get('/readyz?verbose')).text()).toBe('[+]ping ok\n[+]watches ok\nreadyz check passed\n');
    trouble = 'bad';
    expect((await get('/readyz/ping')).status).toBe(200);
    expect((await get('/readyz/watches')).status).toBe(500);
    const excluded = await get('/readyz?exclude=watches&verbose');
    expect([excluded.status, await excluded.text()]).toEqual([
      200,
      '[+]ping ok\n[+]watches excluded: ok\nreadyz check passed\n',
    ]);
  });

  test.each(['/', '/other', '/readyz/unknown', '/readyz/constructor', '/readyz/ping/more', '/toString'])(
    'has nothing at %s',
    async (path) => {
      const get = await at(serveHealth(options, checks));
      expect((await get(path)).status).toBe(404);
    },
  );

  test('takes no writes', async () => {
    const get = await at(serveHealth(options, checks));
    expect((await get('/readyz', 'POST')).status).toBe(405);
  });

  test('answers a path that is no path', async () => {
    const server = await serveHealth(options, checks);
    open.push(server);
    const socket = connect(server.port, '127.0.0.1');
    socket.end('GET //[ HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1.1 404/);
  });

  test('without any checks passes', () => {
    expect(report('readyz', {}, { verbose: true })).toEqual({ ok: true, text: 'readyz check passed\n' });
  });
});

describe('metrics', () => {
  const errors: unknown[] = [];
  const onError = (error: unknown) => void errors.push(error);

  test('come in the text format', async () => {
    const metrics = {
      async *scrape() {
        yield '# HELP a A.\n';
        yield '# TYPE a gauge\na 1\n';
      },
    };
    const get = await at(serveMetrics({ ...options, metrics, onError }));
    const answer = await get('/metrics?x=1');
    expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(await answer.text()).toBe('# HELP a A.\n# TYPE a gauge\na 1\n');
    expect((await get('/')).status).toBe(404);
    expect((await get('/metrics', 'POST')).status).toBe(405);
  });

  test('that fail are no empty answer, nor half a one', async () => {
    let pieces: string[] = [];
    const metrics = {
      async *scrape() {
        yield* pieces;
        throw new Error('view broke');
      },
    };
    const get = await at(serveMetrics({ ...options, metrics, onError }));
    expect((await get('/metrics')).status).toBe(500);
    pieces = ['a 1\n'];
    await expect(get('/metrics').then((answer) => answer.text())).rejects.toThrow();
    expect(errors).toMatchObject([{ message: 'view broke' }, { message: 'view broke' }]);
  });

  test('let other work go on, and stop when the scraper goes', async () => {
    let made = 0;
    let turns = 0;
    let ended = () => {};
    const whenEnded = new Promise<void>((resolve) => {
      ended = resolve;
    });
    const metrics = {
      async *scrape() {
        try {
          for (;;) {
            made += 1;
            yield 'x'.repeat(64 * 1_024);
          }
        } finally {
          ended();
        }
      },
    };
    const server = await serveMetrics({ ...options, metrics, onError });
    open.push(server);
    const socket = connect(server.port, '127.0.0.1');
    socket.write('GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n');
    let next: NodeJS.Immediate;
    const turn = () => {
      turns += 1;
      next = setImmediate(turn);
    };
    next = setImmediate(turn);
    await new Promise<void>((resolve) => {
      let received = 0;
      socket.on('data', (bytes) => {
        received += bytes.length;
        if (received > 4e6) resolve();
      });
    });
    clearImmediate(next);
    socket.destroy();
    await whenEnded;
    expect(made).toBeGreaterThan(50);
    // One turn of the event loop for each piece: nothing else waits longer than for one of them.
    expect(turns).toBeGreaterThanOrEqual(made - 2);
  });
});

describe('listening', () => {
  test('on a port that is taken is refused with the reason', async () => {
    const first = await listen(options, (_, response) => void response.end());
    open.push(first);
    const again = listen({ ...options, address: { host: '127.0.0.1', port: first.port } }, () => {});
    await expect(again).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });

  test('closes idle connections at once', async () => {
    const server = await listen({ ...options, clock: createFakeClock() }, (_, response) => void response.end('hello'));
    expect(await (await fetch(`http://127.0.0.1:${server.port}/`)).text()).toBe('hello');
    await server.close();
    await expect(fetch(`http://127.0.0.1:${server.port}/`)).rejects.toThrow();
  });

  test('lets an answer end, but not beyond the grace', async () => {
    const clock = createFakeClock();
    let asked = () => {};
    const whenAsked = new Promise<void>((resolve) => {
      asked = resolve;
    });
    const server = await listen({ ...options, clock, grace: seconds(5) }, () => asked());
    const hanging = fetch(`http://127.0.0.1:${server.port}/`);
    const failed = expect(hanging).rejects.toThrow();
    await whenAsked;
    let closed = false;
    const closing = server.close().then(() => (closed = true));
    await clock.advance(seconds(4));
    expect(closed).toBe(false);
    await clock.advance(seconds(1));
    await closing;
    await failed;
    expect(clock.timers()).toBe(0);
  });
});
