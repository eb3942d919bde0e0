import { expect, test } from 'vitest';
import { sealingKeyConfigMap } from '../../../src/api/names.ts';
import { days, hours } from '../../../src/clock.ts';
import { token } from '../../../src/domain/token.ts';
import type { PublicSealingKey } from '../../../src/secrets/port.ts';
import { sealCredential } from '../../../src/secrets/seal-credential.ts';
import { aConnection, aSecret } from '../../support/objects.ts';
import { operatorSuite } from '../../support/suite.ts';

const bogus = (letter: string) => `EQAA${letter.repeat(60)}`;

operatorSuite('credentials', {}, (world, scene) => {
  const tokenOf = (name: string) => scene.values(name)['access-token'];
  const presented = (value: string) => world.square.ledger.tokenRequests({ presented: value }).length;
  const ref = (name: string) => ({ secretRef: { name, key: 'token' } });
  const create = (name: string, spec: object) => scene.create('connections', aConnection(world.namespace, name, spec));

  test('a new credential brings a revoked connection back', async () => {
    const party = await scene.connected();
    world.square.disconnect(party);
    await scene.pass(hours(1));
    await scene.becomes(party.name, { Ready: 'False/Revoked' });
    const fresh = await scene.signInAgain(party);
    await scene.becomes(party.name, { Ready: 'True/Valid', Revoked: 'False', Renewable: 'True', Stalled: 'absent' });
    expect(presented(fresh)).toBe(1);
    expect(scene.secret(party.name)?.metadata.annotations).not.toHaveProperty('square-operator.dev/state');
    expect(tokenOf(party.name)).toBe(world.square.ledger.tokenRequests({ presented: fresh })[0]?.accessToken);
    expect(await scene.event(party.name, 'Valid')).toMatchObject({ type: 'Normal' });
  });

  test('a value that was taken already never acts twice', async () => {
    const party = await scene.connected();
    const second = await scene.signInAgain(party);
    await world.live.until('the second is taken', () => scene.status(party.name).revision === 2);
    await scene.edit('secrets', party.credential, { stringData: { token: party.refreshToken } });
    await scene.settle();
    await scene.remove('secrets', party.credential);
    await scene.settle();
    await scene.create('secrets', aSecret(world.namespace, party.credential, { token: second }));
    await scene.settle();
    expect(presented(party.refreshToken)).toBe(1);
    expect(presented(second)).toBe(1);
    expect(scene.status(party.name).revision).toBe(2);
  });

  test('a new credential that Square refuses leaves the held grant as it is', async () => {
    const party = await scene.connected();
    const before = tokenOf(party.name);
    await scene.edit('secrets', party.credential, { stringData: { token: bogus('x') } });
    expect(await scene.event(party.name, 'CredentialRefused')).toMatchObject({ type: 'Warning' });
    await scene.becomes(party.name, { Ready: 'True' });
    await scene.pass(hours(1));
    await scene.pass(hours(1));
    expect(presented(bogus('x'))).toBe(1);
    expect(tokenOf(party.name)).toBe(before);
    expect(scene.status(party.name)).toMatchObject({ revision: 1, lastFailure: { operation: 'TakeUp', count: 1 } });
    await scene.pass(days(7));
    await world.live.until('the held grant is renewed', () => scene.status(party.name).revision === 2);
  });

  test('a first credential that Square refuses is tried once, and the next one is taken', async () => {
    const app = await scene.application('refusing');
    await scene.create('secrets', aSecret(world.namespace, 'refused-credential', { token: bogus('y') }));
    const spec = { applicationRef: { name: app.name }, credential: { refreshToken: ref('refused-credential') } };
    await create('refused', spec);
    await scene.becomes('refused', { Ready: 'False/CredentialRefused', Stalled: 'True', Revoked: 'Unknown' });
    const message = scene.status('refused').conditions?.find(({ type }) => type === 'Ready')?.message;
    expect(message).toContain(
      'a new credential: it is key token of Secret refused-credential, and a wrong value there,',
    );
    await scene.event('refused', 'CredentialRefused');
    const warnings = world.operators.flatMap(({ log }) => log).filter((line) => line.includes('"level":"warn"'));
    expect(warnings.join('')).toContain(`"reason":"CredentialRefused","message":${JSON.stringify(message)}`);
    await scene.pass(days(1));
    expect(presented(bogus('y'))).toBe(1);
    expect(scene.secret('refused-sealed')).toBeUndefined();
    const { merchantID } = world.square.addSeller();
    const { refreshToken } = world.square.grant({ clientID: app.clientID, merchantID });
    await scene.edit('secrets', 'refused-credential', { stringData: { token: refreshToken.value } });
    await scene.becomes('refused', { Ready: 'True/Valid' });
  });

  test("another seller's credential changes nothing", async () => {
    const party = await scene.connected();
    const before = tokenOf(party.name);
    const { merchantID } = world.square.addSeller();
    const { refreshToken } = world.square.grant({ clientID: party.clientID, merchantID });
    await scene.edit('secrets', party.credential, { stringData: { token: refreshToken.value } });
    await world.live.until('it was tried', () => scene.status(party.name).lastFailure?.reason === 'OtherMerchant');
    await scene.settle();
    expect(scene.status(party.name)).toMatchObject({ merchantID: party.merchantID, revision: 1 });
    expect(tokenOf(party.name)).toBe(before);
    expect(presented(refreshToken.value)).toBe(1);
  });

  test('a pinned connection refuses another seller, and takes the credential once the pin is corrected', async () => {
    const party = await scene.connect({ spec: { merchantID: 'MLSOMEBODYELSE' } });
    await scene.becomes(party.name, { Ready: 'False/OtherMerchant', Stalled: 'True' });
    await scene.settle();
    expect(presented(party.refreshToken)).toBe(1);
    expect(scene.secret(party.name)).toBeUndefined();
    await scene.edit('connections', party.name, { spec: { merchantID: party.merchantID } });
    await scene.becomes(party.name, { Ready: 'True/Valid' });
  });

  test('a single-use credential of another seller than the pinned one is sealed, so that a corrected pin finds it', async () => {
    const app = await scene.application('pkce-pinned', { flow: 'PKCE', clientSecretRef: null });
    const party = await scene.connect({ app, flow: 'PKCE', spec: { merchantID: 'MLSOMEBODYELSE' } });
    await scene.becomes(party.name, { Ready: 'False/OtherMerchant', Stalled: 'True' });
    expect(scene.secret(party.name)).toBeUndefined();
    await scene.edit('connections', party.name, { spec: { merchantID: party.merchantID } });
    await scene.becomes(party.name, { Ready: 'True/Valid' });
    expect(scene.tokenRequests(party)).toBe(1);
    expect(world.square.ledger.spentAgain()).toEqual([]);
  });

  test('beside a grant what it gave is kept, sealed, and takes its place once the pin is corrected', async () => {
    const app = await scene.application('pkce-beside', { flow: 'PKCE', clientSecretRef: null });
    const party = await scene.connected({ app, flow: 'PKCE' });
    const { merchantID } = world.square.addSeller();
    const { refreshToken } = world.square.grant({ clientID: app.clientID, merchantID, flow: 'PKCE' });
    const kept = () =>
      world.live
        .all('secrets', world.namespace)
        .filter(({ metadata: { name } }) => name.startsWith(`${party.name}-incoming-`));
    await scene.edit('secrets', party.credential, { stringData: { token: refreshToken.value } });
    await world.live.until('it is kept', () => kept().length === 1);
    await world.live.until('it is told', () => scene.status(party.name).lastFailure?.message.includes('is used up'));
    await world.operators.at(-1)?.stop();
    await world.startOperator();
    await scene.settle();
    expect(scene.status(party.name)).toMatchObject({ merchantID: party.merchantID, revision: 1 });
    await scene.edit('connections', party.name, { spec: { merchantID } });
    await world.live.until('it is taken up', () => scene.status(party.name).merchantID === merchantID);
    await scene.becomes(party.name, { Ready: 'True/Valid' });
    await world.live.until('its Secret is gone', () => kept().length === 0);
    expect(presented(refreshToken.value)).toBe(1);
    expect(world.square.ledger.spentAgain()).toEqual([]);
    await scene.request(party.name, 'refresh');
    await world.live.until('it is renewed', () => scene.status(party.name).revision === 3);
  });

  test('single-use refresh tokens are each presented once, for months', async () => {
    const app = await scene.application('pkce-app', { flow: 'PKCE', clientSecretRef: null });
    const party = await scene.connected({ app, flow: 'PKCE' });
    expect(scene.status(party.name).refreshTokenExpiresAt).toBeTruthy();
    for (let week = 0; week < 16; week += 1) {
      await scene.pass(days(7));
      await scene.becomes(party.name, { Ready: 'True/Valid' });
    }
    expect(scene.status(party.name).revision).toBe(17);
    expect(world.square.ledger.spentAgain()).toEqual([]);
  });

  test('a personal access token is checked and published, and never renewed', async () => {
    const { clientID } = world.sandbox.addApplication();
    const { merchantID } = world.sandbox.addSeller({ businessName: 'Own shop' });
    const personal = world.sandbox.addPersonalAccessToken({ clientID, merchantID });
    await scene.create('secrets', aSecret(world.namespace, 'personal-credential', { token: personal.value }));
    const spec = { environment: 'Sandbox', credential: { personalAccessToken: ref('personal-credential') } };
    await create('personal', spec);
    const looks = { Ready: 'True/Valid', Renewable: 'True/NotNeeded', Expired: 'False/NeverExpires' };
    await scene.becomes('personal', looks);
    expect(scene.values('personal')).toEqual({
      'access-token': personal.value,
      'merchant-id': merchantID,
      environment: 'Sandbox',
      'base-url': world.sandbox.url,
    });
    expect(scene.status('personal').nextRefreshTime).toBeUndefined();
    expect(scene.status('personal').accessTokenExpiresAt).toBeUndefined();

    const next = world.sandbox.addPersonalAccessToken({ clientID, merchantID });
    world.sandbox.revokeAccessToken({ accessToken: personal.value });
    await scene.edit('secrets', 'personal-credential', { stringData: { token: next.value } });
    await world.live.until('the new one is published', () => tokenOf('personal') === next.value);
    await scene.becomes('personal', { Ready: 'True/Valid', Revoked: 'False' });

    await scene.edit('secrets', 'personal-credential', { stringData: { token: `EAAA${'z'.repeat(60)}` } });
    await scene.event('personal', 'CredentialRefused');
    expect(tokenOf('personal')).toBe(next.value);
    await scene.becomes('personal', looks);
    expect(world.sandbox.requests.counts()['token']).toBeUndefined();
  });

  test('a credential that was sealed offline needs no Secret, and opens in its own place only', async () => {
    const app = await scene.application('sealing-app');
    const { merchantID } = world.square.addSeller();
    const { refreshToken } = world.square.grant({ clientID: app.clientID, merchantID });
    const path = `/api/v1/namespaces/${world.operatorNamespace}/configmaps/${sealingKeyConfigMap}`;
    const headers = { 'impersonate-user': 'a-developer', 'impersonate-group': 'system:authenticated' };
    const { data } = await world.api.ask<{ data: Record<string, string> }>('GET', path, { headers });
    const key = JSON.parse(data['public-key.json'] ?? '') as PublicSealingKey;
    const { clientID } = app;
    const binding = { namespace: world.namespace, name: 'offline', environment: 'Production', clientID } as const;
    const sealed = await sealCredential(key, binding, token(refreshToken.value));
    const spec = { applicationRef: { name: app.name }, credential: { refreshToken: { sealed } } };

    await create('copied', spec);
    const copied = await scene.becomes('copied', { Ready: 'False/SealedCredentialUnreadable', Stalled: 'True' });
    const ready = copied.status?.conditions?.find(({ type }) => type === 'Ready');
    expect(ready?.message).toMatch(/^The sealed credential of .* was sealed for another name: /);
    expect(presented(refreshToken.value)).toBe(0);
    await create('offline', spec);
    await scene.becomes('offline', { Ready: 'True/Valid' });
    expect(presented(refreshToken.value)).toBe(1);
  });

  test('of two connections that name the same credential one presents it, and the other says which', async () => {
    const app = await scene.application('shared-app', { flow: 'PKCE', clientSecretRef: null });
    const party = await scene.connected({ name: 'owner', app, flow: 'PKCE' });
    const refreshToken = { secretRef: { name: party.credential, key: 'token' } };
    await create('another', { applicationRef: { name: app.name }, credential: { refreshToken } });
    const said = await scene.becomes('another', { Ready: 'False/CredentialShared', Stalled: 'True' });
    expect(said.status?.conditions?.find(({ type }) => type === 'Ready')?.message).toMatch(
      /^Secret owner-credential, key token, .* SquareConnection owner, which has taken it up/,
    );
    await scene.settle();
    expect(presented(party.refreshToken)).toBe(1);
    const { refreshToken: fresh } = world.square.grant({ ...party, flow: 'PKCE' });
    await scene.edit('secrets', party.credential, { stringData: { token: fresh.value } });
    await world.live.until('the owner has taken the new one', () => scene.status('owner').revision === 2);
    await scene.settle();
    expect(presented(fresh.value)).toBe(1);
    const own = world.square.grant({ ...party, flow: 'PKCE' }).refreshToken;
    await scene.create('secrets', aSecret(world.namespace, 'another-credential', { token: own.value }));
    await scene.edit('connections', 'another', { spec: { credential: { refreshToken: ref('another-credential') } } });
    await scene.becomes('another', { Ready: 'True/Valid' });
    expect(world.square.ledger.spentAgain()).toEqual([]);
  });

  test('a credential is free for another connection when the one before it is gone', async () => {
    const app = await scene.application('handed-app');
    const { merchantID } = world.square.addSeller();
    const { refreshToken } = world.square.grant({ clientID: app.clientID, merchantID });
    await scene.create('secrets', aSecret(world.namespace, 'handed-credential', { token: refreshToken.value }));
    const spec = { applicationRef: { name: app.name }, credential: { refreshToken: ref('handed-credential') } };
    await create('handed-a', { ...spec, suspend: true });
    await scene.becomes('handed-a', { Ready: 'False/Suspended' });
    await create('handed-b', spec);
    await scene.becomes('handed-b', { Ready: 'False/CredentialShared' });
    await scene.remove('connections', 'handed-a');
    await scene.becomes('handed-b', { Ready: 'True/Valid' });
    expect(presented(refreshToken.value)).toBe(1);
  });

  test('a legacy token is migrated once, and refreshed like any other from then on', async () => {
    const app = await scene.application('legacy-app');
    const { merchantID } = world.square.addSeller();
    const legacy = world.square.addLegacyToken({ clientID: app.clientID, merchantID });
    await scene.create('secrets', aSecret(world.namespace, 'legacy-credential', { token: legacy.value }));
    const spec = { applicationRef: { name: app.name }, credential: { migrationToken: ref('legacy-credential') } };
    await create('legacy', spec);
    await scene.becomes('legacy', { Ready: 'True/Valid', Renewable: 'True/RefreshTokenSealed' });
    await scene.pass(days(7));
    await world.live.until('it is refreshed', () => scene.status('legacy').revision === 2);
    const types = world.square.ledger.tokenRequests({ merchantID }).map(({ grantType }) => grantType);
    expect(types).toEqual(['migration_token', 'refresh_token']);
  });
});
