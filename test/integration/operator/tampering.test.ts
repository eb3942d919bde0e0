import { beforeAll, describe, expect, test } from 'vitest';
import { hours } from '../../../src/clock.ts';
import type { Grant } from '../../../src/domain/grant.ts';
import { token } from '../../../src/domain/token.ts';
import { openGrant, sealGrant } from '../../../src/secrets/grant.ts';
import { generateKey, parseKey } from '../../../src/secrets/key-material.ts';
import type { Binding, KeyRing, Purpose } from '../../../src/secrets/port.ts';
import { sealRecord } from '../../../src/secrets/record.ts';
import { ringOf } from '../../../src/secrets/ring.ts';
import { inTheClear } from '../../support/in-the-clear.ts';
import { createKeySight } from '../../support/keys.ts';
import { collectionPath } from '../../support/live.ts';
import { textsOf } from '../../support/objects.ts';
import type { App, Party } from '../../support/scene.ts';
import { operatorSuite } from '../../support/suite.ts';

/** What a row may use: the record as it lies there, and, as nobody else could, the ring. */
interface Forge {
  readonly sealed: string;
  readonly binding: Binding;
  readonly ring: KeyRing;
  /** Seals a grant that names a live token of another authorization, which would be seen if it were used. */
  readonly forged: (wish: {
    readonly ring?: KeyRing;
    readonly binding?: Partial<Binding>;
    readonly grant?: Partial<Grant>;
  }) => string;
  /** The same content for another purpose. */
  readonly repurposed: (purpose: Purpose) => string;
  /** The record as another version of the operator may seal it: with these members, beside its own or in their place. */
  readonly extended: (members: object) => string;
  /** The sealed record of another connection of the same application. */
  readonly others: string;
}

type Row = readonly [what: string, make: (forge: Forge) => string, ready: string, says: string];

const unreadable = 'False/GrantUnreadable';
const parts = ['header', 'encrypted key', 'IV', 'ciphertext', 'tag'] as const;

/** One bit of one part is another. */
function flipped(jwe: string, part: number): string {
  const texts = jwe.split('.');
  const bytes = Buffer.from(texts[part] ?? '', 'base64url');
  if (bytes.length === 0) return texts.with(part, 'AAAA').join('.');
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
  return texts.with(part, bytes.toString('base64url')).join('.');
}

function edited(jwe: string, fields: object): string {
  const [head = '', ...rest] = jwe.split('.');
  const header = { ...(JSON.parse(Buffer.from(head, 'base64url').toString()) as object), ...fields };
  return [Buffer.from(JSON.stringify(header)).toString('base64url'), ...rest].join('.');
}

const rows: readonly Row[] = [
  ['the record of another connection', ({ others }) => others, unreadable, 'another name'],
  ['that record with its name edited', ({ others, binding }) => edited(others, binding), unreadable, 'changed after'],
  ...parts.map(
    (name, part): Row => [`a bit of the ${name} flipped`, ({ sealed }) => flipped(sealed, part), unreadable, ''],
  ),
  ['cut short', ({ sealed }) => sealed.slice(0, -9), unreadable, ''],
  ['empty', () => '', unreadable, ''],
  ['sealed for another namespace', ({ forged }) => forged({ binding: { namespace: 'else' } }), unreadable, 'namespace'],
  ['sealed for another name', ({ forged }) => forged({ binding: { name: 'else' } }), unreadable, 'another name'],
  [
    'sealed for another environment',
    ({ forged }) => forged({ binding: { environment: 'Sandbox' }, grant: { environment: 'Sandbox' } }),
    'False/GrantOfAnotherApplication',
    'holds a grant of client',
  ],
  [
    'sealed for another application',
    ({ forged }) => forged({ binding: { clientID: 'sq0idp-ELSE' }, grant: { clientID: 'sq0idp-ELSE' } }),
    'False/GrantOfAnotherApplication',
    'holds a grant of client',
  ],
  ...(['environment', 'clientID', 'namespace', 'name'] as const).map(
    (field): Row => [
      `${field} edited in the header`,
      ({ sealed }) => edited(sealed, { [field]: 'Sandbox' }),
      unreadable,
      '',
    ],
  ),
  ...(['journal', 'escrow', 'incoming'] as const).flatMap((purpose): Row[] => [
    [`sealed for the purpose ${purpose}`, ({ repurposed }) => repurposed(purpose), unreadable, 'another purpose'],
    [
      `the purpose ${purpose} edited to grant`,
      ({ repurposed }) => edited(repurposed(purpose), { purpose: 'grant' }),
      unreadable,
      '',
    ],
  ]),
  ['zip', ({ sealed }) => edited(sealed, { zip: 'DEF' }), unreadable, 'the one form'],
  ['PBES2', ({ sealed }) => edited(sealed, { alg: 'PBES2-HS512+A256KW', p2c: 2 ** 31, p2s: 'AAAA' }), unreadable, ''],
  ['ECDH-ES, to the public key', ({ sealed }) => edited(sealed, { alg: 'ECDH-ES' }), unreadable, 'the one form'],
  ['no algorithm', ({ sealed }) => edited(sealed, { alg: 'none' }), unreadable, 'the one form'],
  ['crit', ({ sealed }) => edited(sealed, { crit: ['kid'] }), unreadable, 'the one form'],
  ['a later version', ({ sealed }) => edited(sealed, { v: 2 }), unreadable, 'later version'],
  [
    'a later version within',
    ({ extended }) => extended({ v: 2, accessToken: undefined }),
    unreadable,
    'grant 2; this one',
  ],
  [
    'a member of a later version',
    ({ extended }) => extended({ added: {} }),
    unreadable,
    'adds added): run that version again',
  ],
  ['an unknown key', ({ forged }) => forged({ ring: aRing() }), unreadable, 'not in the ring'],
  [
    'another key under the known ID',
    ({ forged, ring }) => forged({ ring: aRing({ id: ring.active.id }) }),
    unreadable,
    'another key bears that ID',
  ],
  [
    'a key that is in the ring no more',
    ({ forged }) => forged({ ring: aRing({ createdAt: '2020-01-01T00:00:00Z', state: 'Retired' }) }),
    unreadable,
    'not in the ring',
  ],
  ['an older generation', ({ forged }) => forged({ grant: { generation: 1 } }), 'False/GrantOutdated', 'revision 1'],
];

const aRing = (fields: object = {}): KeyRing =>
  ringOf(
    [parseKey(JSON.stringify({ ...(JSON.parse(generateKey(Date.now())) as object), ...fields }), 'a forger')],
    true,
  );

operatorSuite('a sealed Secret that somebody has changed', {}, (world, scene) => {
  let party: Party;
  let forge: Forge;
  let foreign: { readonly refreshToken: string; readonly accessToken: string };
  const name = () => `${party.name}-sealed`;
  const put = (jwe: string) =>
    scene.edit('secrets', name(), { data: { 'grant.jwe': Buffer.from(jwe).toString('base64') } });
  const stored = () => textsOf(scene.secret(name()) ?? {})['grant.jwe'];

  beforeAll(async () => {
    const app: App = await scene.application('tampered');
    const other = await scene.connected({ app });
    party = await scene.connected({ app });
    await scene.request(party.name, 'refresh');
    await world.live.until('there was an older generation', () => scene.status(party.name).revision === 2);
    await scene.becomes(party.name, { Ready: 'True/Valid' });
    const [secret] = createKeySight(world).keys().values();
    const ring = ringOf([parseKey(textsOf(secret ?? {})['key.json'] ?? '', 'the key')], true);
    const { clientID } = app;
    const binding: Binding = { namespace: world.namespace, name: party.name, environment: 'Production', clientID };
    const sealed = stored() ?? '';
    const opened = openGrant(ring, binding, sealed);
    if (!opened.ok || opened.value.kind === 'Vacant') throw new Error('the record holds no grant');
    const given = world.square.grant({ clientID, merchantID: party.merchantID });
    foreign = { refreshToken: given.refreshToken.value, accessToken: given.accessToken.value };
    const grant: Grant = {
      ...opened.value,
      generation: 3,
      accessToken: { ...opened.value.accessToken, value: token(foreign.accessToken) },
      refreshToken: { value: token(foreign.refreshToken), singleUse: false },
    };
    forge = {
      sealed,
      binding,
      ring,
      others: textsOf(scene.secret(`${other.name}-sealed`) ?? {})['grant.jwe'] ?? '',
      forged: (wish) => sealGrant(wish.ring ?? ring, { ...binding, ...wish.binding }, { ...grant, ...wish.grant }),
      extended: (members) =>
        sealRecord(ring, 'grant', binding, Buffer.from(JSON.stringify({ v: 1, ...inTheClear(grant), ...members }))),
      repurposed: (purpose) => sealRecord(ring, purpose, binding, Buffer.from('{}')),
    };
  });

  describe('is refused, left as it is, and never sent to Square', () => {
    test.each(rows)('%s', async (_, make, looks, says) => {
      const jwe = make(forge);
      expect(jwe).not.toBe(forge.sealed);
      const published = scene.secret(party.name)?.metadata.resourceVersion;
      const calls = scene.calls(party);
      await put(jwe);
      const { status } = await scene.becomes(party.name, { Ready: looks, Valid: 'True', Revoked: 'False' });
      const ready = status?.conditions?.find(({ type }) => type === 'Ready');
      expect(ready?.message).toContain(says);
      expect(status?.revision).toBe(2);
      await scene.edit('connections', party.name, { metadata: { labels: { looked: String(Date.now()) } } });
      await scene.settle();
      expect(stored()).toBe(jwe);
      expect(scene.secret(party.name)?.metadata.resourceVersion).toBe(published);
      await put(forge.sealed);
      await scene.becomes(party.name, { Ready: 'True/Valid' });
      expect(scene.calls(party), 'Square hears nothing of it').toBe(calls);
    });
  });

  test('not even when everything is due, and by no other way', async () => {
    await put(forge.forged({ binding: { name: 'else' } }));
    await scene.becomes(party.name, { Ready: unreadable });
    const calls = scene.calls(party);
    await scene.pass(hours(200));
    expect(scene.calls(party)).toBe(calls);
    expect(world.square.ledger.tokenRequests({ presented: foreign.refreshToken })).toEqual([]);
    expect(Object.values(textsOf(scene.secret(party.name) ?? {}))).not.toContain(foreign.accessToken);
    await put(forge.sealed);
    await scene.becomes(party.name, { Ready: 'True/Valid' });
  });

  test.each([77, Number.MAX_SAFE_INTEGER])(
    'a status whose revision was edited to %i is told, and mended by adopting',
    async (revision) => {
      const edited = await scene.connected();
      const before = scene.values(edited.name)['access-token'];
      const path = `${collectionPath('connections', world.namespace)}/${edited.name}/status`;
      const contentType = 'application/merge-patch+json';
      await world.api.ask('PATCH', path, { body: { status: { revision } }, contentType });
      const { status } = await scene.becomes(edited.name, { Ready: 'False/GrantOutdated', Valid: 'True' });
      const ready = status?.conditions?.find(({ type }) => type === 'Ready');
      expect(ready?.message).toMatch(/holds revision 1 .* the status was edited\. .*adopt-requested-at/);
      await scene.request(edited.name, 'adopt');
      await scene.becomes(edited.name, { Ready: 'True/Valid' });
      expect(scene.tokenRequests(edited)).toBe(1);
      expect(scene.values(edited.name)['access-token']).toBe(before);
      await scene.request(edited.name, 'refresh');
      await world.live.until('it can be renewed', () => scene.tokenRequests(edited) === 2);
      await scene.becomes(edited.name, { Ready: 'True/Valid' });
    },
  );

  test('the forger of these tests could have got through with the ring alone', async () => {
    await put(forge.forged({ grant: { generation: 9 } }));
    const presented = () => world.square.ledger.tokenRequests({ presented: foreign.refreshToken });
    await world.live.until('it is taken and used', () => presented().length === 1);
  });
});
