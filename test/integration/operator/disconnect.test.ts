import { expect, test } from 'vitest';
import { hours, minutes } from '../../../src/clock.ts';
import type { FaultSpec } from '../../simulator/faults.ts';
import { aConnection, aSecret } from '../../support/objects.ts';
import type { Party } from '../../support/scene.ts';
import { operatorSuite } from '../../support/suite.ts';

const unavailable: FaultSpec['effect'] = { kind: 'answer', status: 503 };

operatorSuite('a connection that is disconnected on request', {}, (world, scene) => {
  const ago = (time: number) => new Date(Date.now() - time).toISOString();
  const state = (name: string) => scene.secret(name)?.metadata.annotations?.['square-operator.dev/state'];
  const live = ({ clientID, merchantID }: Party) => world.square.ledger.liveRefreshTokens({ clientID, merchantID });
  const ready = (name: string) => scene.status(name).conditions?.find(({ type }) => type === 'Ready');
  const answered = (name: string, value: string) =>
    world.live.until('it is answered', () => scene.status(name).lastHandledDisconnectRequest === value);
  const strike = ({ merchantID }: Party, effect: FaultSpec['effect'], times?: number) =>
    world.square.faults.add({ endpoint: 'revoke', merchantID, effect, ...(times === undefined ? {} : { times }) });

  test('ends the authorization at Square, says so on the token Secret, and stays so', async () => {
    const party = await scene.connected();
    const value = await scene.request(party.name, 'disconnect');
    await scene.becomes(party.name, {
      Ready: 'False/Disconnected',
      Valid: 'Unknown/NoToken',
      Revoked: 'Unknown/NoToken',
      Published: 'False',
      Stalled: 'absent',
      Reconciling: 'absent',
    });
    expect(live(party)).toEqual([]);
    expect(scene.revocations(party)).toHaveLength(1);
    await world.live.until('its token Secret says so', () => state(party.name) === 'revoked');
    expect(scene.values(party.name)['access-token']).toMatch(/^EAAA/);
    expect(scene.status(party.name)).toMatchObject({ lastHandledDisconnectRequest: value, revision: 2 });
    expect(scene.status(party.name).merchantID).toBeUndefined();
    expect(await scene.event(party.name, 'Disconnected')).toMatchObject({ type: 'Normal' });
    expect(ready(party.name)?.message).toContain(party.merchantID);

    await scene.settle();
    expect(scene.tokenRequests(party)).toBe(1);
    expect(scene.revocations(party)).toHaveLength(1);
    expect(scene.events(party.name).filter(({ type }) => type === 'Warning')).toEqual([]);
  });

  test('connects again by a new credential, of whatever seller, and by no other', async () => {
    const party = await scene.connected();
    await scene.request(party.name, 'disconnect');
    await scene.becomes(party.name, { Ready: 'False/Disconnected' });
    await scene.edit('secrets', party.credential, { metadata: { labels: { touched: 'yes' } } });
    await scene.settle();
    expect(scene.tokenRequests(party)).toBe(1);

    const { merchantID } = world.square.addSeller();
    const { refreshToken } = world.square.grant({ clientID: party.clientID, merchantID });
    await scene.edit('secrets', party.credential, { stringData: { token: refreshToken.value } });
    await scene.becomes(party.name, { Ready: 'True/Valid' });
    expect(scene.status(party.name)).toMatchObject({ merchantID, revision: 3 });
    expect(state(party.name)).toBeUndefined();
    await scene.settle();
    expect(scene.revocations({ merchantID })).toEqual([]);

    await scene.edit('secrets', party.credential, { stringData: { token: party.refreshToken } });
    await scene.settle();
    expect(world.square.ledger.tokenRequests({ presented: party.refreshToken })).toHaveLength(1);
  });

  test('needs no credential Secret to stay disconnected, and tells of one that is no good', async () => {
    const party = await scene.connected();
    await scene.remove('secrets', party.credential);
    await scene.request(party.name, 'disconnect');
    await scene.becomes(party.name, { Ready: 'False/Disconnected' });
    await scene.create('secrets', aSecret(world.namespace, party.credential, { token: 'EQAAnobody' }));
    await scene.becomes(party.name, { Ready: 'False/CredentialRefused', Stalled: 'True' });
  });

  test('is told that Square cannot be had, and is disconnected once it can', async () => {
    const party = await scene.connected();
    const fault = strike(party, unavailable);
    const value = await scene.request(party.name, 'disconnect');
    await scene.becomes(party.name, { Ready: 'False/Disconnecting', Valid: 'True', Reconciling: 'True' });
    expect(scene.status(party.name)).toMatchObject({
      lastFailure: { operation: 'Revoke', reason: 'SquareUnavailable', request: value },
    });
    expect(scene.status(party.name).lastHandledDisconnectRequest).toBeUndefined();
    expect(ready(party.name)?.message).toMatch(/has not happened yet.*not available/);
    expect(state(party.name)).toBeUndefined();
    world.square.faults.remove(fault);
    await scene.pass(hours(1));
    await scene.becomes(party.name, { Ready: 'False/Disconnected' });
    await answered(party.name, value);
    expect(live(party)).toEqual([]);
    expect(scene.tokenRequests(party)).toBe(1);
  });

  test('calls it off when the request is taken away', async () => {
    const party = await scene.connected();
    const fault = strike(party, unavailable);
    await scene.request(party.name, 'disconnect');
    await scene.becomes(party.name, { Ready: 'False/Disconnecting' });
    const metadata = { annotations: { 'square-operator.dev/disconnect-requested-at': null } };
    await scene.edit('connections', party.name, { metadata });
    await scene.becomes(party.name, { Ready: 'True/Valid' });
    expect(scene.status(party.name).lastFailure).toBeUndefined();
    world.square.faults.remove(fault);
    await scene.pass(hours(1));
    expect(live(party)).toHaveLength(1);
  });

  test('counts an authorization that is gone already as ended; an answer that was lost, too', async () => {
    const party = await scene.connected();
    strike(party, { kind: 'drop', when: 'after' }, 1);
    await scene.request(party.name, 'disconnect');
    await scene.becomes(party.name, { Ready: 'False/Disconnecting' });
    await scene.pass(minutes(2));
    await scene.becomes(party.name, { Ready: 'False/Disconnected' });
    expect(scene.revocations(party)).toHaveLength(2);
    const { note } = await scene.event(party.name, 'Disconnected');
    expect(note).toContain('had been ended before');
  });

  test('is not disconnected without an application secret: told so, and the grant goes on', async () => {
    const app = await scene.application('pkce', { flow: 'PKCE', clientSecretRef: null });
    const party = await scene.connected({ app, flow: 'PKCE' });
    const value = await scene.request(party.name, 'disconnect');
    expect((await scene.event(party.name, 'RevokeUnsupported')).note).toMatch(/Square Dashboard/);
    await answered(party.name, value);
    await scene.becomes(party.name, { Ready: 'True/Valid' });
    await scene.settle();
    expect(live(party)).toHaveLength(1);
    expect(scene.revocations(party)).toEqual([]);
    expect(scene.events(party.name).filter(({ reason }) => reason === 'RevokeUnsupported')).toHaveLength(1);
  });

  test('is not disconnected when it holds a personal access token, or nothing', async () => {
    const { clientID } = world.square.addApplication();
    const { merchantID } = world.square.addSeller();
    const personal = world.square.addPersonalAccessToken({ clientID, merchantID });
    await scene.create('secrets', aSecret(world.namespace, 'personal-credential', { token: personal.value }));
    const credential = { personalAccessToken: { secretRef: { name: 'personal-credential', key: 'token' } } };
    await scene.create(
      'connections',
      aConnection(world.namespace, 'personal', { environment: 'Production', credential }),
    );
    await scene.becomes('personal', { Ready: 'True/Valid' });
    await answered('personal', await scene.request('personal', 'disconnect'));
    expect((await scene.event('personal', 'PersonalAccessToken')).note).toContain('Developer Console');
    await scene.becomes('personal', { Ready: 'True/Valid' });

    const empty = { applicationRef: { name: 'app' } };
    await scene.create('connections', aConnection(world.namespace, 'empty', empty));
    await scene.becomes('empty', { Ready: 'False/AwaitingAuthorization' });
    await answered('empty', await scene.request('empty', 'disconnect'));
    expect(await scene.event('empty', 'NotConnected')).toMatchObject({ type: 'Warning' });
    expect(scene.revocations({ merchantID })).toEqual([]);
  });

  const stale: readonly (readonly [what: string, value: () => string])[] = [
    ['16 minutes old', () => ago(minutes(16))],
    ['an hour ahead', () => ago(-hours(1))],
    ['no time at all', () => 'now'],
    ['older than the grant', () => ago(minutes(5))],
  ];
  test.each(stale)('a request that is %s is answered by an event and ends nothing', async (_what, value) => {
    const party = await scene.connected();
    const written = await scene.request(party.name, 'disconnect', value());
    expect(await scene.event(party.name, 'RequestStale')).toMatchObject({ type: 'Warning' });
    await answered(party.name, written);
    await scene.settle();
    expect(scene.revocations(party)).toEqual([]);
  });

  test('a connection that is put back with its request does not act on it, nor one whose status was lost', async () => {
    const party = await scene.connected();
    const value = await scene.request(party.name, 'disconnect');
    await scene.becomes(party.name, { Ready: 'False/Disconnected' });
    await scene.signInAgain(party);
    await scene.becomes(party.name, { Ready: 'True/Valid' });
    const path = `/apis/square-operator.dev/v1alpha1/namespaces/${world.namespace}/squareconnections/${party.name}/status`;
    await world.api.ask('PATCH', path, { body: { status: null }, contentType: 'application/merge-patch+json' });
    await scene.becomes(party.name, { Ready: 'True/Valid' });
    await answered(party.name, value);
    await scene.remove('connections', party.name);
    await world.live.until('it is gone', () => state(party.name) === 'orphaned');
    const spec = { applicationRef: { name: 'app' }, merchantID: party.merchantID };
    const annotations = { 'square-operator.dev/disconnect-requested-at': value };
    await scene.create('connections', aConnection(world.namespace, party.name, spec, { annotations }));
    await scene.becomes(party.name, { Ready: 'True/Valid' });
    await scene.settle();
    expect(scene.revocations(party)).toHaveLength(1);
    expect(live(party)).toHaveLength(1);
  });

  test('a suspended connection is not disconnected before it goes on', async () => {
    const party = await scene.connected({ spec: { suspend: false } });
    await scene.edit('connections', party.name, { spec: { suspend: true } });
    await scene.becomes(party.name, { Ready: 'False/Suspended' });
    await scene.request(party.name, 'disconnect');
    await scene.settle();
    expect(scene.revocations(party)).toEqual([]);
    await scene.edit('connections', party.name, { spec: { suspend: false } });
    await scene.becomes(party.name, { Ready: 'False/Disconnected' });
    expect(scene.revocations(party)).toHaveLength(1);
  });

  test('another connection of the same seller is told at once, and is not believed to be valid any longer', async () => {
    const party = await scene.connected();
    const { merchantID } = party;
    const other = await scene.connected({ merchantID });
    await scene.request(party.name, 'disconnect');
    await scene.becomes(party.name, { Ready: 'False/Disconnected' });
    const told = await scene.event(other.name, 'SharedAuthorizationEnded');
    expect(told.note).toContain(`${world.namespace}/${party.name}`);
    await scene.becomes(other.name, { Ready: 'False/Revoked', Revoked: 'True', Renewable: 'False' });
    expect(state(other.name)).toBe('revoked');
  });

  test('a record that is put back after the disconnect is refused', async () => {
    const party = await scene.connected();
    const { data } = scene.secret(`${party.name}-sealed`) ?? {};
    await scene.request(party.name, 'disconnect');
    await scene.becomes(party.name, { Ready: 'False/Disconnected' });
    await scene.edit('secrets', `${party.name}-sealed`, { data });
    await scene.becomes(party.name, { Ready: 'False/GrantOutdated' });
    await scene.settle();
    expect(scene.tokenRequests(party)).toBe(1);
  });

  test('a new connection of a name that was disconnected takes nothing up by itself', async () => {
    const party = await scene.connected();
    await scene.request(party.name, 'disconnect');
    await scene.becomes(party.name, { Ready: 'False/Disconnected' });
    const { text: before } = (await world.operators[0]?.get('metrics')) ?? { text: '' };
    await scene.remove('connections', party.name);
    await world.live.until('it is gone', () => state(party.name) === 'orphaned');
    const { text } = (await world.operators[0]?.get('metrics')) ?? { text: '' };
    const retained = (page: string) => /^square_operator_retained_grants .*$/m.exec(page)?.[0];
    expect(retained(text)).toBe(retained(before));
    const credential = { refreshToken: { secretRef: { name: party.credential, key: 'token' } } };
    const spec = { applicationRef: { name: 'app' }, credential };
    await scene.create('connections', aConnection(world.namespace, party.name, spec));
    await scene.becomes(party.name, { Ready: 'False/Disconnected' });
    await scene.settle();
    expect(scene.tokenRequests(party)).toBe(1);
  });
});
