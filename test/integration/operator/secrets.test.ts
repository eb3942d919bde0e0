import { expect, test } from 'vitest';
import { minutes } from '../../../src/clock.ts';
import type { KubeObject } from '../../../src/kube/resource.ts';
import { aSecret } from '../../support/objects.ts';
import { operatorSuite } from '../../support/suite.ts';

operatorSuite('the Secrets of a connection', {}, (world, scene) => {
  const version = (name: string) => scene.secret(name)?.metadata.resourceVersion;
  const patch = (name: string, change: object) => scene.edit('secrets', name, change);
  const foreign = (name: string) =>
    scene.create('secrets', aSecret(world.namespace, name, { 'not-ours': 'keep' }, { type: 'Opaque' }));

  const damages: readonly (readonly [done: string, damage: (name: string) => Promise<void>])[] = [
    ['whose value is edited', (name) => patch(name, { stringData: { 'access-token': 'something else' } })],
    ['that gets another key', (name) => patch(name, { stringData: { more: 'x' } })],
    ['that loses a key', (name) => patch(name, { data: { 'merchant-id': null } })],
    ['that is deleted', (name) => scene.remove('secrets', name)],
    [
      'whose annotations are edited',
      (name) => patch(name, { metadata: { annotations: { 'square-operator.dev/revision': '77' } } }),
    ],
    [
      'that is marked revoked by somebody',
      (name) => patch(name, { metadata: { annotations: { 'square-operator.dev/state': 'revoked' } } }),
    ],
  ];
  test.each(damages)('a published Secret %s is healed without any call to Square', async (_done, damage) => {
    const party = await scene.connected();
    const before = scene.secret(party.name);
    const calls = scene.calls(party);
    const versions = world.live.versions('secrets', world.namespace, party.name).length;
    await damage(party.name);
    await world.live.until('it is as it was', () => {
      const now = scene.secret(party.name);
      const written = world.live.versions('secrets', world.namespace, party.name).length;
      const alike = (one: typeof now) => JSON.stringify([one?.data, one?.metadata.labels, one?.metadata.annotations]);
      return written >= versions + 2 && alike(now) === alike(before);
    });
    await scene.becomes(party.name, { Ready: 'True/Valid', Published: 'True' });
    expect(scene.calls(party)).toBe(calls);
  });

  test("others' labels and annotations on a published Secret are let be", async () => {
    const party = await scene.connected();
    await patch(party.name, { metadata: { labels: { 'example.com/a': 'b' }, annotations: { 'example.com/c': 'd' } } });
    const before = version(party.name);
    await scene.settle();
    expect(version(party.name)).toBe(before);
  });

  test('a Secret that loses the label of the operator is no longer touched, until it goes or has it again', async () => {
    const party = await scene.connected();
    await patch(party.name, { metadata: { labels: { 'app.kubernetes.io/managed-by': null } } });
    await scene.becomes(party.name, { Ready: 'False/SecretNotOwned', Published: 'False', Valid: 'True' });
    const before = version(party.name);
    await scene.pass(minutes(2));
    expect(version(party.name)).toBe(before);
    await patch(party.name, { metadata: { labels: { 'app.kubernetes.io/managed-by': 'square-operator' } } });
    await scene.becomes(party.name, { Ready: 'True/Valid', Published: 'True' });
    expect(scene.tokenRequests(party)).toBe(1);
  });

  test("somebody else's Secret of that name is left byte for byte, and published over only when it is gone", async () => {
    await foreign('taken');
    const before = version('taken');
    const party = await scene.connect({ name: 'taken' });
    await scene.becomes('taken', { Ready: 'False/SecretNotOwned', Published: 'False', Valid: 'True', Stalled: 'True' });
    await scene.pass(minutes(2));
    expect(version('taken')).toBe(before);
    expect(scene.values('taken')).toEqual({ 'not-ours': 'keep' });
    expect(await scene.event('taken', 'SecretNotOwned')).toMatchObject({ type: 'Warning' });
    await scene.remove('secrets', 'taken');
    await scene.pass(minutes(2));
    await scene.becomes('taken', { Ready: 'True/Valid', Published: 'True' });
    expect(scene.tokenRequests(party)).toBe(1);
  });

  test("another connection's Secret is not taken over by naming it", async () => {
    const party = await scene.connected();
    const before = version(party.name);
    const thief = await scene.connect({ spec: { secret: { name: party.name } } });
    await scene.becomes(thief.name, { Ready: 'False/SecretNotOwned', Published: 'False' });
    await scene.settle();
    expect(version(party.name)).toBe(before);
    await scene.becomes(party.name, { Ready: 'True/Valid' });
  });

  test("where somebody else's Secret stands in the place of the grant no token is spent", async () => {
    await foreign('blocked-sealed');
    const before = version('blocked-sealed');
    const party = await scene.connect({ name: 'blocked' });
    await scene.becomes('blocked', { Ready: 'False/GrantSecretNotOwned', Stalled: 'True' });
    await scene.pass(minutes(2));
    expect(scene.tokenRequests(party)).toBe(0);
    expect(version('blocked-sealed')).toBe(before);
    await scene.remove('secrets', 'blocked-sealed');
    await scene.pass(minutes(2));
    await scene.becomes('blocked', { Ready: 'True/Valid' });
    expect(scene.tokenRequests(party)).toBe(1);
  });

  test('a renamed Secret is published under the new name before the old one goes', async () => {
    const party = await scene.connected();
    const [former, renamed] = [party.name, `${party.name}-renamed`];
    await scene.edit('connections', party.name, { spec: { secret: { name: renamed } } });
    await world.live.until('the old one is gone', () => scene.secret(former) === undefined);
    await world.live.until('the status names the new one', () => scene.status(party.name).secretName === renamed);
    await scene.becomes(party.name, { Ready: 'True/Valid', Published: 'True' });
    const { live, namespace } = world;
    const published = live.versions('secrets', namespace, renamed)[0]?.metadata.resourceVersion;
    const removed = live.versions('secrets', namespace, former).at(-1)?.metadata.resourceVersion;
    expect(Number(published)).toBeLessThan(Number(removed));
    expect(scene.tokenRequests(party)).toBe(1);
  });

  test('a new grant that cannot be stored is told of at once, and stored as soon as it can be', async () => {
    const party = await scene.connected();
    const sealed = `${party.name}-sealed`;
    await scene.edit('secrets', sealed, { immutable: true });
    await scene.request(party.name, 'refresh');
    expect((await scene.event(party.name, 'GrantNotStored')).type).toBe('Warning');
    await scene.remove('secrets', sealed);
    await scene.event(party.name, 'GrantStored');
    await world.live.until('the new token is published', () => scene.status(party.name).revision === 2);
    await scene.becomes(party.name, { Ready: 'True/Valid', Published: 'True' });
    expect(scene.tokenRequests(party)).toBe(2);
  });

  test("somebody's copy of a published Secret is left where it is, marks and all", async () => {
    const party = await scene.connected();
    const published = scene.secret(party.name);
    const copy = `${party.name}-copy`;
    const { labels, annotations } = published?.metadata ?? {};
    const metadata = { namespace: world.namespace, name: copy, labels, annotations };
    await scene.create('secrets', { metadata, data: published?.['data'] } as KubeObject & {
      metadata: { namespace: string };
    });
    await scene.edit('connections', party.name, { spec: { verifyInterval: '2h' } });
    await scene.settle();
    expect(scene.secret(copy)).toBeDefined();
    await scene.becomes(party.name, { Ready: 'True/Valid', Published: 'True' });
  });

  test('a name that is taken by somebody else keeps the old Secret where it is', async () => {
    const party = await scene.connected();
    await foreign(`${party.name}-wanted`);
    await scene.edit('connections', party.name, { spec: { secret: { name: `${party.name}-wanted` } } });
    await scene.becomes(party.name, { Ready: 'False/SecretNotOwned', Published: 'False' });
    await scene.settle();
    expect(scene.values(party.name)['access-token']).toBeTruthy();
  });

  test('keys, templates, labels, annotations and type are as the spec wants them, and change with it', async () => {
    const secret = {
      keys: { accessToken: 'TOKEN', environment: 'ENV' },
      template: {
        '.env': 'SQUARE_TOKEN={{accessToken}}\nSQUARE_URL={{baseURL}}\n',
        'a.json': '{"m":"{{merchantID}}"}',
      },
      labels: { 'example.com/team': 'bakery' },
      annotations: { 'example.com/note': 'reload me' },
      type: 'example.com/square',
    };
    const party = await scene.connected({ spec: { secret } });
    const { merchantID } = party;
    const accessToken = world.square.ledger.tokenRequests({ merchantID })[0]?.accessToken ?? '';
    expect(scene.values(party.name)).toEqual({
      TOKEN: accessToken,
      ENV: 'Production',
      '.env': `SQUARE_TOKEN=${accessToken}\nSQUARE_URL=${world.square.url}\n`,
      'a.json': `{"m":"${merchantID}"}`,
    });
    expect(scene.secret(party.name)).toMatchObject({
      type: 'example.com/square',
      metadata: {
        labels: { 'example.com/team': 'bakery', 'app.kubernetes.io/managed-by': 'square-operator' },
        annotations: { 'example.com/note': 'reload me' },
      },
    });
    const next = { keys: { accessToken: 'T' }, template: null, labels: null, annotations: null };
    await scene.edit('connections', party.name, {
      spec: { secret: { ...next, keys: { accessToken: 'T', environment: null } } },
    });
    await world.live.until(
      'only that is left',
      () => JSON.stringify(scene.values(party.name)) === `{"T":"${accessToken}"}`,
    );
    const { labels, annotations } = scene.secret(party.name)?.metadata ?? {};
    expect(labels).toEqual({ 'app.kubernetes.io/managed-by': 'square-operator' });
    expect(annotations).toEqual({
      'square-operator.dev/connection': party.name,
      'square-operator.dev/revision': '1',
    });
    expect(scene.tokenRequests(party)).toBe(1);
  });
});
