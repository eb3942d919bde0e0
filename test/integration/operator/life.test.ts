import { expect, test } from 'vitest';
import { days, hours, minutes, parseInstant } from '../../../src/clock.ts';
import { matches } from '../../support/scene.ts';
import { operatorSuite } from '../../support/suite.ts';

operatorSuite('the life of a connection', { gateway: true }, (world, scene) => {
  /** What the operator asked of the API server about a connection and its Secrets. */
  const asked = (name: string) =>
    (world.gateway?.requests() ?? [])
      .filter(({ path }) => new RegExp(`/${name}(-sealed)?(/status)?(\\?|$)`).test(path))
      .map(({ method, path }) => `${method} ${path.replace(/^.*\/namespaces\/[^/]+\//, '').replace(/\?.*$/, '')}`);
  const at = (text: string | undefined) => parseInstant(text ?? '') ?? Number.NaN;

  test('a supplied refresh token becomes a sealed Secret and a Secret for workloads', async () => {
    const metadata = { labels: { 'example.com/team': 'bakery' }, annotations: { 'example.com/note': 'mine' } };
    const party = await scene.connected({ name: 'shop', metadata });

    const secret = scene.secret('shop');
    expect(secret).toMatchObject({ type: 'Opaque' });
    expect(secret?.metadata.labels).toEqual({ 'app.kubernetes.io/managed-by': 'square-operator' });
    expect(secret?.metadata.annotations).toEqual({
      'square-operator.dev/connection': 'shop',
      'square-operator.dev/revision': '1',
    });
    expect(secret?.metadata.ownerReferences).toBeUndefined();
    const [issued] = world.square.ledger.tokenRequests({ merchantID: party.merchantID });
    expect(scene.values('shop')).toEqual({
      'access-token': issued?.accessToken,
      'expires-at': scene.status('shop').accessTokenExpiresAt,
      'merchant-id': party.merchantID,
      environment: 'Production',
      'base-url': world.square.url,
    });

    const sealed = scene.secret('shop-sealed');
    expect(sealed?.type).toBe('square-operator.dev/sealed-grant');
    expect(Object.keys(sealed?.data ?? {})).toEqual(['grant.jwe']);
    expect(sealed?.metadata.ownerReferences).toBeUndefined();
  });

  test('its status says all that is known', () => {
    const status = scene.status('shop');
    const told = (status.conditions ?? []).map(({ type, status: is, reason }) => `${type}=${is}/${reason}`);
    expect(told.sort()).toEqual([
      'Expired=False/NotExpired',
      'Published=True/Published',
      'Ready=True/Valid',
      'Renewable=True/RefreshTokenSealed',
      'Revoked=False/NotRevoked',
      'ScopesSatisfied=True/ScopesGranted',
      'Valid=True/Accepted',
    ]);
    expect(status).toMatchObject({
      observedGeneration: 1,
      revision: 1,
      merchantName: 'Bakery shop',
      secretName: 'shop',
      sealedSecretName: 'shop-sealed',
      scopes: ['BANK_ACCOUNTS_READ', 'MERCHANT_PROFILE_READ', 'PAYMENTS_READ', 'SETTLEMENTS_READ'],
    });
    expect(status.sealingKeyID).toBeTruthy();
    expect(status.lastVerifyTime).toBeTruthy();
    expect(status.lastFailure).toBeUndefined();
    expect(at(status.accessTokenExpiresAt) - at(status.accessTokenIssuedAt)).toBe(days(30));
  });

  test('the grant was sealed before it was published, and published before Ready was said', () => {
    const version = (object: { metadata: { resourceVersion: string } } | undefined) =>
      Number(object?.metadata.resourceVersion);
    const { live, namespace } = world;
    const [sealed] = live.versions('secrets', namespace, 'shop-sealed');
    const [published] = live.versions('secrets', namespace, 'shop');
    const ready = live.versions('connections', namespace, 'shop').find((one) => matches(one, { Ready: 'True' }));
    expect(version(sealed)).toBeLessThan(version(published));
    expect(version(published)).toBeLessThan(version(ready));
  });

  test('its credential is spent once, and may be deleted: the status says so, and nothing changes', async () => {
    const renewable = scene.status('shop').conditions?.find(({ type }) => type === 'Renewable');
    expect(renewable?.message).toContain('may be deleted');
    const before = scene.connection('shop').metadata.resourceVersion;
    await scene.remove('secrets', 'shop-credential');
    await scene.settle();
    expect(scene.connection('shop').metadata.resourceVersion).toBe(before);
    expect(world.square.ledger.tokenRequests({ presented: presentedFirst() })).toHaveLength(1);
  });

  const presentedFirst = () => {
    const { merchantID = '' } = scene.status('shop');
    return world.square.ledger.tokenRequests({ merchantID })[0]?.presented ?? '';
  };

  test('a token is refreshed between 80 and 95 % of 7 days, by one call, three writes and no read', async () => {
    const { merchantID = '', nextRefreshTime, accessTokenIssuedAt } = scene.status('shop');
    const due = at(nextRefreshTime) - at(accessTokenIssuedAt);
    expect(due).toBeGreaterThanOrEqual(0.8 * days(7));
    expect(due).toBeLessThanOrEqual(0.95 * days(7));

    const before = scene.tokenRequests({ merchantID });
    await scene.pass(at(nextRefreshTime) - minutes(1) - world.square.clock.now());
    expect(scene.tokenRequests({ merchantID })).toBe(before);

    world.gateway?.clear();
    await scene.pass(minutes(2));
    await scene.becomes('shop', { Ready: 'True/Valid' });
    expect(scene.tokenRequests({ merchantID })).toBe(before + 1);
    expect(scene.status('shop').revision).toBe(2);
    expect(asked('shop')).toEqual([
      expect.stringMatching(/^(PUT|PATCH) secrets\/shop-sealed$/),
      'PATCH secrets/shop',
      'PATCH squareconnections/shop/status',
    ]);
    expect(scene.values('shop')['access-token']).toBe(
      world.square.ledger.tokenRequests({ merchantID }).at(-1)?.accessToken,
    );
  });

  test('a routine verification asks nothing of the API server, and its time is stored every 6 hours', async () => {
    const { merchantID = '' } = scene.status('shop');
    const located = () => world.square.requests.entries({ endpoint: 'locations', merchantID }).length;
    await scene.settle();
    world.gateway?.clear();
    const before = { located: located(), time: scene.status('shop').lastVerifyTime };
    for (let slot = 0; slot < 5; slot += 1) await scene.pass(hours(1));
    expect(located()).toBe(before.located + 5);
    expect(asked('shop')).toEqual([]);
    for (let slot = 0; slot < 2; slot += 1) await scene.pass(hours(1));
    expect(located()).toBe(before.located + 7);
    expect(asked('shop')).toEqual(['PATCH squareconnections/shop/status']);
    expect(at(scene.status('shop').lastVerifyTime) - at(before.time)).toBeGreaterThanOrEqual(hours(6));
  });

  test('four weeks of it spend one token a week and leave it ready every day', async () => {
    const { merchantID = '', revision = 0 } = scene.status('shop');
    const before = scene.tokenRequests({ merchantID });
    for (let day = 0; day < 28; day += 1) {
      await scene.pass(days(1));
      await scene.becomes('shop', { Ready: 'True/Valid', Valid: 'True' });
    }
    const spent = scene.tokenRequests({ merchantID }) - before;
    expect(spent).toBeGreaterThanOrEqual(4);
    expect(spent).toBeLessThanOrEqual(5);
    expect(scene.status('shop').revision).toBe(revision + spent);
    expect(world.square.ledger.spentAgain()).toEqual([]);
  });
});
