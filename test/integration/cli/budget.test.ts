import { expect, test } from 'vitest';
import { pluginSuite } from '../../support/plugin-suite.ts';

pluginSuite('kubectl square refresh of many', {}, ({ world, scene, plugin }) => {
  test('is paced by the budget of the application, says how long it takes, and tells each answer', async () => {
    const app = await scene.application('slow', { rateLimit: { requestsPerSecond: 4, burst: 8 } });
    const names = Array.from({ length: 12 }, (_, i) => `s${i + 1}`);
    const metadata = { labels: { app: 'slow' } };
    const parties = await Promise.all(names.map((name) => scene.connected({ name, app, metadata })));
    const before = world.square.requests.entries({ clientID: app.clientID }).length;
    const begun = performance.now();
    const { code, stdout, stderr } = await plugin('refresh', '-l', 'app=slow', '-A');
    const took = performance.now() - begun;
    expect(stderr).toMatch(/^12 connections; the budget of the application lets that take about 4s\.\n/);
    expect(stderr).toMatch(/\n12 refreshed\.\n$/);
    const told = stdout
      .trim()
      .split('\n')
      .map((line) => line.split(' ')[0]?.split('/')[1]);
    expect(new Set(told)).toEqual(new Set(names));
    expect(code).toBe(0);
    expect(parties.every((party) => scene.tokenRequests(party) === 2)).toBe(true);
    // 24 calls, 8 at once and 4 a second.
    expect(took).toBeGreaterThan(2_500);
    expect(world.square.requests.entries({ clientID: app.clientID }).length).toBeGreaterThan(before);
  });
});
