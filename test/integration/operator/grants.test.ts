import { CompactEncrypt, importJWK, type JWK } from 'jose';
import { expect, test } from 'vitest';
import type { CredentialKind } from '../../../src/api/connection.ts';
import { sealingKeyConfigMap } from '../../../src/api/names.ts';
import { days, hours } from '../../../src/clock.ts';
import type { FaultSpec } from '../../simulator/faults.ts';
import { aConnection, aSecret } from '../../support/objects.ts';
import { operatorSuite } from '../../support/suite.ts';

operatorSuite('grants of every kind', {}, (world, scene) => {
  const create = (name: string, spec: object) => scene.create('connections', aConnection(world.namespace, name, spec));
  const ref = (name: string) => ({ secretRef: { name, key: 'token' } });

  /** What an outsider does who has nothing but the documentation, the public key and a library for JWE. */
  async function sealedByAnOutsider(bound: { name: string; environment: string; clientID: string }, value: string) {
    const path = `/api/v1/namespaces/${world.operatorNamespace}/configmaps/${sealingKeyConfigMap}`;
    const headers = { 'impersonate-user': 'a-developer', 'impersonate-group': 'system:authenticated' };
    const { data } = await world.api.ask<{ data: Record<string, string> }>('GET', path, { headers });
    const key = JSON.parse(data['public-key.json'] ?? '') as JWK & { kid: string };
    const header = { alg: 'ECDH-ES+A256KW', enc: 'A256GCM', kid: key.kid, v: 1, purpose: 'credential' };
    return await new CompactEncrypt(Buffer.from(value))
      .setProtectedHeader({ ...header, namespace: world.namespace, ...bound })
      .encrypt(await importJWK(key, 'ECDH-ES+A256KW'));
  }

  const kinds = ['refreshToken', 'migrationToken', 'personalAccessToken'] as const satisfies readonly CredentialKind[];
  test.each(kinds)('a %s that an outsider sealed with the public key alone is taken up', async (kind) => {
    const app = await scene.application(`sealed-${kind.toLowerCase()}`);
    const { clientID } = app;
    const { merchantID } = world.square.addSeller();
    const holder = { clientID, merchantID };
    const value = {
      refreshToken: () => world.square.grant(holder).refreshToken.value,
      migrationToken: () => world.square.addLegacyToken(holder).value,
      personalAccessToken: () => world.square.addPersonalAccessToken(holder).value,
    }[kind]();
    const personal = kind === 'personalAccessToken';
    const name = `by-${kind.toLowerCase()}`;
    const bound = { name, environment: 'Production', clientID: personal ? '' : clientID };
    const sealed = await sealedByAnOutsider(bound, value);
    const application = personal ? { environment: 'Production' } : { applicationRef: { name: app.name } };
    await create(name, { ...application, credential: { [kind]: { sealed } } });
    await scene.becomes(name, { Ready: 'True/Valid', Renewable: personal ? 'True/NotNeeded' : 'True' });
    expect(scene.values(name)['merchant-id']).toBe(merchantID);
    expect(scene.tokenRequests({ merchantID })).toBe(personal ? 0 : 1);
  });

  test('a migration whose answer was lost is repeated, while the legacy token lives', async () => {
    const app = await scene.application('legacy-lost');
    const { merchantID } = world.square.addSeller();
    const legacy = world.square.addLegacyToken({ clientID: app.clientID, merchantID });
    const lost = { endpoint: 'token', merchantID, times: 1, effect: { kind: 'drop', when: 'after' } } as const;
    world.square.faults.add(lost);
    await scene.create('secrets', aSecret(world.namespace, 'lost-credential', { token: legacy.value }));
    await create('lost', {
      applicationRef: { name: app.name },
      credential: { migrationToken: ref('lost-credential') },
    });
    await world.live.until('it failed', () => scene.status('lost').lastFailure?.operation === 'TakeUp');
    await scene.pass(hours(1));
    await scene.becomes('lost', { Ready: 'True/Valid', Renewable: 'True' });
    const requests = world.square.ledger.tokenRequests({ merchantID });
    expect(requests.map(({ grantType }) => grantType)).toEqual(['migration_token', 'migration_token']);
    const paths = new Set(world.square.requests.entries().map(({ path }) => path));
    for (const path of paths)
      expect(['/oauth2/token', '/oauth2/token/status', '/v2/locations', '/v2/merchants/me']).toContain(path);
  });

  test('a legacy token that has ended is refused, and says so', async () => {
    const app = await scene.application('legacy-ended');
    const { merchantID } = world.square.addSeller();
    const legacy = world.square.addLegacyToken({ clientID: app.clientID, merchantID });
    world.square.revokeAccessToken({ accessToken: legacy.value });
    await scene.create('secrets', aSecret(world.namespace, 'ended-credential', { token: legacy.value }));
    await create('ended', {
      applicationRef: { name: app.name },
      credential: { migrationToken: ref('ended-credential') },
    });
    await scene.becomes('ended', { Ready: 'False/CredentialRefused', Stalled: 'True', Revoked: 'Unknown' });
    await scene.pass(days(1));
    expect(scene.tokenRequests({ merchantID })).toBe(1);
  });

  test('a short-lived grant is renewed within its day, a reply without a refresh token keeps the one that is held', async () => {
    world.square.settings({ omitRefreshToken: 'when short-lived' });
    const party = await scene.connected({ spec: { shortLived: true } });
    for (let half = 0; half < 6; half += 1) {
      await scene.pass(hours(12));
      await scene.becomes(party.name, { Ready: 'True/Valid', Renewable: 'True' });
    }
    expect(scene.status(party.name).revision).toBeGreaterThanOrEqual(6);
    world.square.settings({ omitRefreshToken: 'never' });
  });
});

operatorSuite('permissions', {}, (world, scene) => {
  const scopesOf = (name: string) => scene.status(name).scopes?.join();
  const sent = (merchantID: string) =>
    world.square.requests
      .entries({ endpoint: 'token', merchantID })
      .map(({ body }) => (body as object as { scopes?: string[] }).scopes);
  const granted = ['MERCHANT_PROFILE_READ', 'ORDERS_READ', 'A_PERMISSION_OF_TOMORROW'];

  test('are those of the grant where the connection asks for none: the field is left out', async () => {
    const party = await scene.connected({ scopes: granted, spec: { scopes: [] } });
    expect(sent(party.merchantID)).toEqual([undefined]);
    expect(scopesOf(party.name)).toBe('A_PERMISSION_OF_TOMORROW,MERCHANT_PROFILE_READ,ORDERS_READ');
    await scene.becomes(party.name, { ScopesSatisfied: 'True/ScopesGranted' });
  });

  test('are narrowed to what the connection asks for, names that nobody knows included', async () => {
    const scopes = ['MERCHANT_PROFILE_READ', 'A_PERMISSION_OF_TOMORROW'];
    const party = await scene.connected({ scopes: granted, spec: { scopes } });
    expect(sent(party.merchantID)).toEqual([['A_PERMISSION_OF_TOMORROW', 'MERCHANT_PROFILE_READ']]);
    expect(scopesOf(party.name)).toBe('A_PERMISSION_OF_TOMORROW,MERCHANT_PROFILE_READ');
    await scene.becomes(party.name, { ScopesSatisfied: 'True' });
  });

  test('that were not granted are named, while the token goes on working', async () => {
    const party = await scene.connected({
      scopes: granted,
      spec: { scopes: ['MERCHANT_PROFILE_READ', 'ITEMS_WRITE'] },
    });
    const { status } = await scene.becomes(party.name, { Ready: 'True/Valid', ScopesSatisfied: 'False/ScopesMissing' });
    const message = status?.conditions?.find(({ type }) => type === 'ScopesSatisfied')?.message;
    expect(message).toMatch(/^Missing: ITEMS_WRITE\. Have the seller sign in again/);
    expect(status?.requestedScopes).toEqual(['ITEMS_WRITE', 'MERCHANT_PROFILE_READ']);
  });

  test('of which none was granted cost no token: all that were stay, and the missing ones are named', async () => {
    const party = await scene.connected({ scopes: granted, spec: { scopes: ['ITEMS_WRITE'] } });
    expect(sent(party.merchantID)).toEqual([['ITEMS_WRITE'], undefined]);
    await scene.becomes(party.name, { Ready: 'True/Valid', ScopesSatisfied: 'False/ScopesMissing' });
    expect(scopesOf(party.name)).toBe(granted.toSorted().join());
    await scene.edit('connections', party.name, { spec: { scopes: ['ORDERS_RAED'] } });
    await world.live.until('it is asked for anew', () => scene.status(party.name).revision === 2);
    await scene.becomes(party.name, { Ready: 'True/Valid', Renewable: 'True', ScopesSatisfied: 'False/ScopesMissing' });
    expect(sent(party.merchantID).slice(2)).toEqual([['ORDERS_RAED'], undefined]);
    await scene.edit('connections', party.name, { spec: { scopes: ['ORDERS_READ'] } });
    await scene.becomes(party.name, { Ready: 'True/Valid', ScopesSatisfied: 'True' });
    expect(scopesOf(party.name)).toBe('ORDERS_READ');
    expect(scene.status(party.name).lastFailure).toBeUndefined();
  });

  test('of the application are wanted as well; when it asks for another one no token is spent', async () => {
    const app = await scene.application('growing', { scopes: ['MERCHANT_PROFILE_READ'] });
    const party = await scene.connected({ app, scopes: granted });
    await scene.becomes(party.name, { ScopesSatisfied: 'True' });
    await scene.edit('applications', app.name, { spec: { scopes: ['MERCHANT_PROFILE_READ', 'PAYMENTS_WRITE'] } });
    await scene.becomes(party.name, { ScopesSatisfied: 'False/ScopesMissing', Ready: 'True/Valid' });
    await scene.settle();
    expect(scene.tokenRequests(party)).toBe(1);
    await scene.edit('applications', app.name, { spec: { scopes: ['ORDERS_READ'] } });
    await scene.becomes(party.name, { ScopesSatisfied: 'True' });
    expect(scene.tokenRequests(party)).toBe(1);
  });

  test('that are widened again, within what the seller granted, cost one more token', async () => {
    const party = await scene.connected({ scopes: granted, spec: { scopes: ['MERCHANT_PROFILE_READ'] } });
    await scene.edit('connections', party.name, { spec: { scopes: ['MERCHANT_PROFILE_READ', 'ORDERS_READ'] } });
    await world.live.until('it is widened', () => scopesOf(party.name) === 'MERCHANT_PROFILE_READ,ORDERS_READ');
    await scene.settle();
    expect(scene.tokenRequests(party)).toBe(2);
  });

  test('without that of ListLocations a token is proven by RetrieveTokenStatus', async () => {
    const party = await scene.connected({ scopes: ['ORDERS_READ'] });
    await scene.becomes(party.name, { Ready: 'True/Valid', Valid: 'True/Accepted', Revoked: 'False' });
    const unauthorized: FaultSpec['effect'] = {
      kind: 'answer',
      status: 401,
      code: 'UNAUTHORIZED',
      category: 'AUTHENTICATION_ERROR',
    };
    const [token, status] = [
      world.square.faults.add({
        endpoint: 'token',
        merchantID: party.merchantID,
        effect: { kind: 'answer', status: 503 },
      }),
      world.square.faults.add({ endpoint: 'status', merchantID: party.merchantID, effect: unauthorized }),
    ];
    await scene.pass(hours(1));
    await scene.becomes(party.name, { Ready: 'False/TokenRejected', Revoked: 'Unknown' });
    world.square.faults.remove(token);
    world.square.faults.remove(status);
    await scene.pass(hours(1));
    await scene.becomes(party.name, { Ready: 'True/Valid' });
  });
});
