import { expect, test } from 'vitest';
import { days, hours } from '../../../src/clock.ts';
import { aConnection } from '../../support/objects.ts';
import { refused, unauthorized } from '../../support/square-answers.ts';
import { operatorSuite } from '../../support/suite.ts';

operatorSuite('what the conditions say', {}, (world, scene) => {
  const state = (name: string) => scene.secret(name)?.metadata.annotations?.['square-operator.dev/state'];
  const tokenOf = (name: string) => scene.values(name)['access-token'];

  test('without a credential it waits for the seller, and never counts as failed', async () => {
    await scene.application('waiting-app');
    await scene.create(
      'connections',
      aConnection(world.namespace, 'waiting', { applicationRef: { name: 'waiting-app' } }),
    );
    await scene.becomes('waiting', {
      Ready: 'False/AwaitingAuthorization',
      Valid: 'Unknown',
      Expired: 'Unknown',
      Revoked: 'Unknown',
      Stalled: 'absent',
    });
    expect(scene.secret('waiting')).toBeUndefined();
  });

  test('while the token works a refused refresh leaves Ready True and asks for a sign-in in time', async () => {
    const party = await scene.connected();
    const heal = scene.strike(party, { endpoint: 'token', effect: refused });
    await scene.pass(days(7));
    const { status } = await scene.becomes(party.name, {
      Ready: 'True/ReauthorizationNeeded',
      Valid: 'True',
      Expired: 'False',
      Revoked: 'False',
      Renewable: 'False/RefreshRefused',
      Stalled: 'absent',
    });
    const renewable = status?.conditions?.find(({ type }) => type === 'Renewable');
    expect(renewable?.message).toContain(`sign in again before ${status?.accessTokenExpiresAt}`);
    const event = await scene.event(party.name, 'ReauthorizationNeeded');
    expect(event.type).toBe('Warning');

    heal();
    await scene.pass(hours(2));
    await scene.becomes(party.name, { Ready: 'True/Valid', Renewable: 'True/RefreshTokenSealed' });
  });

  test('of a seller who has left, the first refused refresh tells at once that the token is dead', async () => {
    const party = await scene.connected();
    world.square.disconnect(party);
    await scene.request(party.name, 'refresh');
    await scene.becomes(party.name, { Ready: 'False/Revoked', Revoked: 'True/AccessTokenRevoked', Renewable: 'False' });
  });

  test('when Square cannot be reached for two slots the token counts as unverified, and its proof stays in the message', async () => {
    const party = await scene.connected();
    const heal = scene.strike(party, { endpoint: 'any', effect: { kind: 'drop', when: 'before' } });
    await scene.pass(hours(1));
    await scene.becomes(party.name, { Ready: 'True/Valid', Valid: 'True/Accepted' });
    await scene.pass(hours(1));
    const { status } = await scene.becomes(party.name, {
      Ready: 'True/Unverified',
      Valid: 'Unknown/Unverified',
      Expired: 'False',
      Revoked: 'False',
      Stalled: 'absent',
    });
    const valid = status?.conditions?.find(({ type }) => type === 'Valid');
    expect(valid?.message).toMatch(/ListLocations.*Last proven valid at \d{4}-/);
    expect(status?.lastFailure).toMatchObject({ operation: 'Verify', reason: 'SquareConnectionLost', count: 2 });
    heal();
    await scene.pass(hours(1));
    await scene.becomes(party.name, { Ready: 'True/Valid', Valid: 'True/Accepted' });
    expect(scene.status(party.name).lastFailure).toBeUndefined();
    expect(state(party.name)).toBeUndefined();
  });

  test('a token that could not be renewed for 31 days is expired, and comes back when Square does', async () => {
    const party = await scene.connected();
    const token = tokenOf(party.name);
    const heal = scene.strike(party, { endpoint: 'token', effect: { kind: 'answer', status: 503 } });
    await scene.pass(days(31));
    await scene.becomes(party.name, {
      Ready: 'False/Expired',
      Valid: 'False/AccessTokenExpired',
      Expired: 'True',
      Revoked: 'False',
      Reconciling: 'True',
      Stalled: 'absent',
    });
    await world.live.until('the Secret says so', () => state(party.name) === 'expired');
    expect(tokenOf(party.name)).toBe(token);
    heal();
    await scene.pass(hours(2));
    await scene.becomes(party.name, { Ready: 'True/Valid', Expired: 'False', Reconciling: 'absent' });
    expect(tokenOf(party.name)).not.toBe(token);
    expect(state(party.name)).toBeUndefined();
  });

  test('the clock alone moves a token to its end when nothing can be asked about it', async () => {
    const party = await scene.connected();
    const heal = scene.strike(party, { endpoint: 'any', effect: { kind: 'drop', when: 'before' } });
    await scene.pass(days(31));
    await scene.becomes(party.name, { Ready: 'False/Expired', Expired: 'True', Revoked: 'False' });
    heal();
    await scene.pass(hours(2));
    await scene.becomes(party.name, { Ready: 'True/Valid' });
  });

  test('a revoked token is refreshed exactly once, and then it is Revoked', async () => {
    const party = await scene.connected();
    const token = tokenOf(party.name);
    const before = scene.tokenRequests(party);
    world.square.disconnect(party);
    await scene.pass(hours(1));
    await scene.becomes(party.name, {
      Ready: 'False/Revoked',
      Valid: 'False',
      Expired: 'False',
      Revoked: 'True/AccessTokenRevoked',
      Renewable: 'False',
      Stalled: 'True',
      Reconciling: 'absent',
    });
    expect(scene.tokenRequests(party)).toBe(before + 1);
    await world.live.until('the Secret says so', () => state(party.name) === 'revoked');
    expect(tokenOf(party.name)).toBe(token);
    await scene.pass(days(2));
    await scene.pass(days(2));
    expect(scene.tokenRequests(party)).toBe(before + 1);
    expect(await scene.event(party.name, 'Revoked')).toMatchObject({ type: 'Warning' });
    const conditions = scene.status(party.name).conditions ?? [];
    const noticed = conditions.find(({ type }) => type === 'Revoked')?.lastTransitionTime;
    for (const type of ['Ready', 'Revoked'])
      expect(conditions.find((one) => one.type === type)?.message).toContain(`noticed at ${noticed}`);
  });

  test('an unauthorized token before its end is rejected, not revoked, after exactly one refused refresh', async () => {
    const party = await scene.connected();
    const before = scene.tokenRequests(party);
    scene.strike(party, { endpoint: 'locations', effect: unauthorized });
    scene.strike(party, { endpoint: 'token', effect: refused });
    await scene.pass(hours(1));
    await scene.becomes(party.name, {
      Ready: 'False/TokenRejected',
      Valid: 'False/TokenRejected',
      Expired: 'False',
      Revoked: 'Unknown',
      Stalled: 'True',
    });
    await scene.pass(days(2));
    expect(scene.tokenRequests(party)).toBe(before + 1);
    await world.live.until('the Secret says so', () => state(party.name) === 'rejected');
  });

  test('a revoked token whose refresh succeeds heals by itself', async () => {
    const party = await scene.connected();
    const token = tokenOf(party.name) ?? '';
    const before = scene.tokenRequests(party);
    world.square.revokeAccessToken({ accessToken: token });
    await scene.pass(hours(1));
    await scene.becomes(party.name, { Ready: 'True/Valid', Revoked: 'False' });
    expect(scene.tokenRequests(party)).toBe(before + 1);
    expect(tokenOf(party.name)).not.toBe(token);
    const everRevoked = world.live
      .versions('connections', world.namespace, party.name)
      .some(({ status }) => status?.conditions?.some(({ type, status: is }) => type === 'Revoked' && is === 'True'));
    expect(everRevoked).toBe(false);
  });

  test('a suspended connection makes no call and writes no Secret, only the clock moves', async () => {
    const party = await scene.connected();
    await scene.edit('connections', party.name, { spec: { suspend: true } });
    await scene.becomes(party.name, { Ready: 'False/Suspended', Valid: 'True', Revoked: 'False', Stalled: 'absent' });
    const calls = scene.calls(party);
    await scene.remove('secrets', party.name);
    await scene.pass(days(31));
    await scene.becomes(party.name, { Ready: 'False/Suspended', Expired: 'True', Revoked: 'False' });
    expect(scene.calls(party)).toBe(calls);
    expect(scene.secret(party.name)).toBeUndefined();
    await scene.edit('connections', party.name, { spec: { suspend: null } });
    await scene.becomes(party.name, { Ready: 'True/Valid', Expired: 'False' });
    expect(scene.secret(party.name)).toBeDefined();
  });
});
