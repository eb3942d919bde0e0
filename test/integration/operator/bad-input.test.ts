import { expect, test } from 'vitest';
import { hours, minutes } from '../../../src/clock.ts';
import { aConnection, anApplication, aSecret } from '../../support/objects.ts';
import { operatorSuite } from '../../support/suite.ts';

operatorSuite('bad input', { namespaces: { platform: {}, away: {} }, unwatched: ['away'] }, (world, scene) => {
  const ref = (name: string, key = 'token') => ({ refreshToken: { secretRef: { name, key } } });
  const seller = (clientID: string) => {
    const { merchantID } = world.square.addSeller();
    return { merchantID, refreshToken: world.square.grant({ clientID, merchantID }).refreshToken.value };
  };
  const ready = (name: string) => scene.status(name).conditions?.find(({ type }) => type === 'Ready');

  test('a healthy connection beside all of it', async () => {
    await scene.connected({ name: 'witness' });
  });

  /** A connection `name` whose credential Secret is as `secret` makes it. */
  async function begin(name: string, secret: ((token: string) => object) | undefined) {
    const app = await scene.application(`${name}-app`);
    const { merchantID, refreshToken } = seller(app.clientID);
    if (secret !== undefined) await scene.create('secrets', secret(refreshToken) as never);
    const spec = { applicationRef: { name: app.name }, credential: ref(`${name}-credential`) };
    await scene.create('connections', aConnection(world.namespace, name, spec));
    return {
      name,
      merchantID,
      refreshToken,
      good: aSecret(world.namespace, `${name}-credential`, { token: refreshToken }),
    };
  }

  test('a credential Secret that is missing is named with the command that makes it, and taken when it comes', async () => {
    const { good, ...party } = await begin('missing', undefined);
    await scene.becomes('missing', { Ready: 'False/CredentialSecretNotFound', Valid: 'Unknown' });
    expect(ready('missing')?.message).toContain('kubectl create secret generic missing-credential');
    expect(scene.tokenRequests(party)).toBe(0);
    await scene.create('secrets', good);
    await scene.becomes('missing', { Ready: 'True/Valid' });
  });

  test('one of another type was not given to be read: it is not, until it is made anew', async () => {
    const { good, ...party } = await begin('mistyped', (token) =>
      aSecret(world.namespace, 'mistyped-credential', { token }, { type: 'Opaque' }),
    );
    await scene.becomes('mistyped', { Ready: 'False/CredentialSecretWrongType', Stalled: 'True' });
    expect(ready('mistyped')?.message).toContain('--type=square-operator.dev/credential');
    expect(scene.tokenRequests(party)).toBe(0);
    await scene.remove('secrets', 'mistyped-credential');
    await scene.create('secrets', good);
    await scene.becomes('mistyped', { Ready: 'True/Valid' });
  });

  const malformed: readonly (readonly [
    what: string,
    name: string,
    data: (token: string) => Record<string, string>,
    reason: string,
  ])[] = [
    ['without the key', 'keyless', (token) => ({ other: token }), 'CredentialKeyNotFound'],
    ['with an empty key', 'empty', () => ({ token: '' }), 'CredentialMalformed'],
    ['with a blank key', 'blank', () => ({ token: ' \n' }), 'CredentialMalformed'],
    ['with two tokens in it', 'double', (token) => ({ token: `${token} ${token}` }), 'CredentialMalformed'],
    ['with quotes and a NUL in it', 'odd', (token) => ({ token: `"${token}\0"` }), 'CredentialMalformed'],
    ['with a book in it', 'long', () => ({ token: 'x'.repeat(5_000) }), 'CredentialMalformed'],
  ];
  test.each(malformed)(
    'a credential Secret %s is told so, costs nothing, and is taken when corrected',
    async (_what, name, data, reason) => {
      const { refreshToken, ...party } = await begin(name, (token) =>
        aSecret(world.namespace, `${name}-credential`, data(token)),
      );
      await scene.becomes(name, { Ready: `False/${reason}`, Stalled: 'True' });
      expect(ready(name)?.message).toContain(`${name}-credential`);
      expect(scene.tokenRequests(party)).toBe(0);
      await scene.edit('secrets', `${name}-credential`, { stringData: { token: refreshToken } });
      await scene.becomes(name, { Ready: 'True/Valid', Stalled: 'absent' });
      expect(scene.tokenRequests(party)).toBe(1);
    },
  );

  test('a trailing newline is no fault', async () => {
    await begin('newline', (token) => aSecret(world.namespace, 'newline-credential', { token: `${token}\r\n` }));
    await scene.becomes('newline', { Ready: 'True/Valid' });
  });

  const damages: readonly (readonly [what: string, damage: (jwe: string) => string, says: RegExp])[] = [
    ['with a flipped bit', flipped, /./],
    ['under a key that is not there', (jwe) => withHeader(jwe, { kid: 'a-lost-key' }), /a-lost-key/],
    ['that is no record at all', () => 'nonsense', /./],
    ['that is empty', () => '', /./],
  ];
  test.each(damages)(
    'a sealed grant %s fails closed: nothing is overwritten, nothing asked, and it heals when restored',
    async (_what, damage, says) => {
      const party = await scene.connected();
      const sealedName = `${party.name}-sealed`;
      const { 'grant.jwe': jwe = '' } = scene.values(sealedName);
      const published = scene.secret(party.name)?.metadata.resourceVersion;
      const calls = scene.calls(party);
      await scene.edit('secrets', sealedName, { stringData: { 'grant.jwe': damage(jwe) } });
      await scene.becomes(party.name, {
        Ready: 'False/GrantUnreadable',
        Valid: 'True',
        Revoked: 'False',
        Stalled: 'True',
      });
      expect(ready(party.name)?.message).toMatch(says);
      const damaged = scene.secret(sealedName)?.metadata.resourceVersion;
      await scene.signInAgain(party);
      await scene.pass(hours(2));
      expect(scene.calls(party)).toBe(calls);
      expect(scene.secret(sealedName)?.metadata.resourceVersion).toBe(damaged);
      expect(scene.secret(party.name)?.metadata.resourceVersion).toBe(published);
      expect(scene.status(party.name).revision).toBe(1);
      await scene.edit('secrets', party.credential, { stringData: { token: party.refreshToken } });
      await scene.edit('secrets', sealedName, { stringData: { 'grant.jwe': jwe } });
      await scene.becomes(party.name, { Ready: 'True/Valid', Stalled: 'absent' });
      expect(scene.tokenRequests(party)).toBe(1);
    },
  );

  test('a record that was put back from before is refused until it is adopted', async () => {
    const party = await scene.connected();
    const { 'grant.jwe': old = '' } = scene.values(`${party.name}-sealed`);
    await scene.request(party.name, 'refresh');
    await world.live.until('it is renewed', () => scene.status(party.name).revision === 2);
    await scene.becomes(party.name, { Ready: 'True/Valid' });
    await scene.edit('secrets', `${party.name}-sealed`, { stringData: { 'grant.jwe': old } });
    await scene.becomes(party.name, { Ready: 'False/GrantOutdated', Stalled: 'True' });
    await scene.settle();
    expect(scene.tokenRequests(party)).toBe(2);
    await scene.request(party.name, 'adopt');
    await scene.becomes(party.name, { Ready: 'True/Valid' });
    expect(scene.tokenRequests(party)).toBe(2);
    expect(scene.status(party.name).revision).toBe(3);
  });

  test('an application that does not exist is waited for', async () => {
    const app = { ...world.square.addApplication(), name: 'late', namespace: world.namespace };
    const party = await scene.connect({ name: 'early', app });
    await scene.becomes('early', { Ready: 'False/ApplicationNotFound', Stalled: 'absent' });
    expect(scene.tokenRequests(party)).toBe(0);
    await scene.create('secrets', aSecret(world.namespace, 'late-client', { 'client-secret': app.clientSecret }));
    await scene.create('applications', anApplication(world.namespace, 'late', { clientID: app.clientID }));
    await scene.becomes('early', { Ready: 'True/Valid' });
  });

  test('an application without its client secret says so once for all, and its connections point to it', async () => {
    const { clientID, clientSecret } = world.square.addApplication();
    const app = { name: 'secretless', namespace: world.namespace, clientID, clientSecret };
    await scene.create('applications', anApplication(world.namespace, app.name, { clientID }));
    const parties = await Promise.all([1, 2, 3].map(() => scene.connect({ app })));
    for (const { name } of parties)
      await scene.becomes(name, { Ready: 'False/ApplicationNotReady', Stalled: 'absent' });
    await world.live.until('the application says so', () => {
      const [condition] = world.live.get('applications', world.namespace, app.name)?.status?.conditions ?? [];
      return condition?.message.includes('Secret secretless-client does not exist. Create it (kubectl create secret');
    });
    for (const party of parties) expect(scene.tokenRequests(party)).toBe(0);
    await scene.create('secrets', aSecret(world.namespace, 'secretless-client', { 'client-secret': clientSecret }));
    for (const { name } of parties) await scene.becomes(name, { Ready: 'True/Valid' });
  });

  test('a client secret of the wrong type is told from one that is missing', async () => {
    const { clientID, clientSecret } = world.square.addApplication();
    const secret = aSecret(world.namespace, 'untyped-client', { 'client-secret': clientSecret }, { type: 'Opaque' });
    await scene.create('secrets', secret);
    await scene.create('applications', anApplication(world.namespace, 'untyped', { clientID }));
    await world.live.until('the application says so', () => {
      const [condition] = world.live.get('applications', world.namespace, 'untyped')?.status?.conditions ?? [];
      return condition?.message.includes('Secret untyped-client is not of type square-operator.dev/credential');
    });
  });

  test('an application of another namespace allows nobody, everybody, or whom its selector matches', async () => {
    const app = await scene.application('shared', {}, world.others['platform']);
    const party = await scene.connect({ app });
    const { name } = party;
    const allow = (allowedNamespaces: object) =>
      scene.edit('applications', 'shared', { spec: { allowedNamespaces } }, world.others['platform']);
    await scene.becomes(name, { Ready: 'False/NotAllowedByApplication', Stalled: 'True' });
    await allow({ from: 'Selector', selector: { matchLabels: { 'example.com/tier': 'gold' } } });
    await scene.settle();
    await scene.becomes(name, { Ready: 'False/NotAllowedByApplication' });
    expect(scene.tokenRequests(party)).toBe(0);
    await allow({
      from: 'Selector',
      selector: { matchLabels: { 'example.com/tier': null, 'kubernetes.io/metadata.name': world.namespace } },
    });
    await scene.becomes(name, { Ready: 'True/Valid' });
    await allow({ from: 'Same', selector: null });
    await scene.becomes(name, { Ready: 'False/NotAllowedByApplication', Valid: 'True' });
    await allow({ from: 'All' });
    await scene.becomes(name, { Ready: 'True/Valid' });
    expect(scene.tokenRequests(party)).toBe(1);
  });

  test('an application of a namespace that is not watched cannot be reached, and the status says what to add', async () => {
    const app = await scene.application('far', { allowedNamespaces: { from: 'All' } }, world.others['away']);
    const party = await scene.connect({ app });
    await scene.becomes(party.name, { Ready: 'False/ApplicationNotReachable', Stalled: 'True' });
    expect(ready(party.name)?.message).toContain('--watch-namespaces');
    expect(scene.tokenRequests(party)).toBe(0);
  });

  test('a grant of one application is not used, or overwritten, by another', async () => {
    const party = await scene.connected();
    const other = await scene.application('other-app');
    const sealed = scene.secret(`${party.name}-sealed`)?.metadata.resourceVersion;
    await scene.edit('connections', party.name, { spec: { applicationRef: { name: other.name } } });
    await scene.becomes(party.name, { Ready: 'False/GrantOfAnotherApplication', Stalled: 'True' });
    await scene.pass(minutes(30));
    expect(scene.secret(`${party.name}-sealed`)?.metadata.resourceVersion).toBe(sealed);
    await scene.edit('connections', party.name, { spec: { applicationRef: { name: 'app' } } });
    await scene.becomes(party.name, { Ready: 'True/Valid' });
    expect(scene.tokenRequests(party)).toBe(1);
  });

  test('none of it ever stopped the healthy connection', () => {
    const versions = world.live.versions('connections', world.namespace, 'witness');
    const told = versions.flatMap(({ status }) => status?.conditions?.filter(({ type }) => type === 'Ready') ?? []);
    const first = told.findIndex(({ status }) => status === 'True');
    expect(told.slice(first).filter(({ status }) => status !== 'True')).toEqual([]);
  });
});

/** The same record with one bit of its ciphertext flipped. */
function flipped(jwe: string): string {
  const parts = jwe.split('.');
  const bytes = Buffer.from(parts[3] ?? '', 'base64url');
  bytes[0] = (bytes[0] ?? 0) ^ 1;
  return parts.with(3, bytes.toString('base64url')).join('.');
}

function withHeader(jwe: string, change: object): string {
  const parts = jwe.split('.');
  const header = JSON.parse(Buffer.from(parts[0] ?? '', 'base64url').toString()) as object;
  return parts.with(0, Buffer.from(JSON.stringify({ ...header, ...change })).toString('base64url')).join('.');
}
