import { expect, test } from 'vitest';
import { hours, minutes } from '../../../src/clock.ts';
import { operatorSuite } from '../../support/suite.ts';

operatorSuite('requests by annotation', {}, (world, scene) => {
  const ago = (time: number) => new Date(Date.now() - time).toISOString();

  test('a refresh that is asked for now is done once', async () => {
    const party = await scene.connected();
    const value = await scene.request(party.name, 'refresh');
    await world.live.until('it is answered', () => scene.status(party.name).lastHandledRefreshRequest === value);
    expect(await scene.event(party.name, 'Refreshed')).toMatchObject({ type: 'Normal' });
    expect(scene.status(party.name).revision).toBe(2);
    await scene.edit('connections', party.name, { metadata: { annotations: { 'example.com/note': 'touched' } } });
    await scene.settle();
    expect(scene.tokenRequests(party)).toBe(2);
  });

  const stale: readonly (readonly [what: string, value: () => string])[] = [
    ['16 minutes old', () => ago(minutes(16))],
    ['an hour ahead', () => ago(-hours(1))],
    ['no time at all', () => 'tomorrow, please'],
    ['a date without a time', () => '2026-11-22'],
    ['longer than any time', () => 'x'.repeat(300)],
  ];
  test.each(stale)('one that is %s is answered by an event and spends nothing', async (_what, value) => {
    const party = await scene.connected();
    const written = await scene.request(party.name, 'refresh', value());
    expect(await scene.event(party.name, 'RequestStale')).toMatchObject({ type: 'Warning' });
    await world.live.until('it is recorded', () =>
      written.startsWith(scene.status(party.name).lastHandledRefreshRequest ?? '-'),
    );
    await scene.settle();
    expect(scene.tokenRequests(party)).toBe(1);
    expect(scene.events(party.name).filter(({ reason }) => reason === 'RequestStale')).toHaveLength(1);
  });

  test('a copied object does not act on the request that came with it', async () => {
    const annotations = { 'square-operator.dev/refresh-requested-at': ago(minutes(1)) };
    const party = await scene.connected({ metadata: { annotations } });
    await scene.event(party.name, 'RequestStale');
    await scene.settle();
    expect(scene.tokenRequests(party)).toBe(1);
  });

  test('a request is remembered in the sealed record: a status that was lost does not repeat it', async () => {
    const party = await scene.connected();
    const value = await scene.request(party.name, 'refresh');
    await world.live.until('it is answered', () => scene.status(party.name).lastHandledRefreshRequest === value);
    const path = `/apis/square-operator.dev/v1alpha1/namespaces/${world.namespace}/squareconnections/${party.name}/status`;
    await world.api.ask('PATCH', path, { body: { status: null }, contentType: 'application/merge-patch+json' });
    await scene.becomes(party.name, { Ready: 'True/Valid' });
    await scene.settle();
    expect(scene.tokenRequests(party)).toBe(2);
    expect(scene.status(party.name)).toMatchObject({ revision: 2, lastHandledRefreshRequest: value });
    expect(scene.events(party.name).filter(({ reason }) => reason === 'RequestStale')).toEqual([]);
  });

  test('nothing else spends a token: no label, annotation, interval, template or verification', async () => {
    const party = await scene.connected();
    const metadata = { labels: { a: 'b' }, annotations: { 'square-operator.dev/anything': ago(0) } };
    await scene.edit('connections', party.name, { metadata });
    await scene.edit('connections', party.name, { spec: { verifyInterval: '5m', refreshInterval: '100h' } });
    await scene.edit('connections', party.name, { spec: { secret: { template: { env: 'T={{accessToken}}' } } } });
    await world.live.until('the template is filled', () => scene.values(party.name)['env'] !== undefined);
    await scene.pass(hours(1));
    expect(scene.tokenRequests(party)).toBe(1);
  });

  test('a change of permissions or of the lifetime mints once', async () => {
    const party = await scene.connected();
    await scene.edit('connections', party.name, { spec: { scopes: ['MERCHANT_PROFILE_READ'] } });
    await world.live.until('it is narrowed', () => scene.status(party.name).scopes?.join() === 'MERCHANT_PROFILE_READ');
    await scene.settle();
    expect(scene.tokenRequests(party)).toBe(2);
    await scene.edit('connections', party.name, { spec: { shortLived: true } });
    await world.live.until('it is short', () => scene.status(party.name).revision === 3);
    await scene.becomes(party.name, { Ready: 'True/Valid' });
    await scene.settle();
    expect(scene.tokenRequests(party)).toBe(3);
    const { accessTokenExpiresAt = '', accessTokenIssuedAt = '' } = scene.status(party.name);
    expect(Date.parse(accessTokenExpiresAt) - Date.parse(accessTokenIssuedAt)).toBe(hours(24));
  });
});
