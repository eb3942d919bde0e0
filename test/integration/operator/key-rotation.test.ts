import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { grantKey } from '../../../src/api/names.ts';
import { token } from '../../../src/domain/token.ts';
import { sealCredential } from '../../../src/secrets/seal-credential.ts';
import { createKeySight, documentedCommands, type KeySight } from '../../support/keys.ts';
import { aConnection } from '../../support/objects.ts';
import { operatorSuite } from '../../support/suite.ts';

/** What the documented command makes a backup of. */
async function backedUp(sight: KeySight, command: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'square-operator-backup-'));
  try {
    expect(await sight.shell(command, directory)).toBe('');
    return await readFile(join(directory, 'sealing-keys.yaml'), 'utf8');
  } finally {
    await rm(directory, { recursive: true });
  }
}

operatorSuite('a sealing key that is rotated as the documentation says', {}, (world, scene) => {
  test('seals every record anew at no cost, is said to be removable, and can be deleted', async () => {
    const sight = createKeySight(world);
    const [first = ''] = sight.keys().keys();
    const parties = [await scene.connected(), await scene.connected({ flow: 'PKCE' }), await scene.connected()];
    const retained = await scene.connected();
    await scene.remove('connections', retained.name);
    const state = () => scene.secret(retained.name)?.metadata.annotations?.['square-operator.dev/state'];
    await world.live.until('its token is orphaned', () => state() === 'orphaned');
    const suspended = await scene.connected();
    await scene.edit('connections', suspended.name, { spec: { suspend: true } });
    await scene.becomes(suspended.name, { Ready: 'False/Suspended' });
    const names = [...parties, retained, suspended].map(({ name }) => `${name}-sealed`);
    expect(await sight.metric('square_operator_sealed_records')).toEqual({ [first]: names.length });
    const requests = world.square.requests.counts();
    const tokenSecrets = parties.map(({ name }) => scene.secret(name)?.metadata.resourceVersion);
    const sealedBefore = scene.values(names[0] ?? '')[grantKey];

    const [list = '', retire = '', backup = '', wait = '', remove = ''] = await documentedCommands('Rotating a key');
    expect(await sight.shell(list)).toContain('square-operator-sealing-key-1');
    await sight.shell(retire);
    expect(await sight.shell(wait)).toContain('condition met');
    const [second = ''] = [...sight.keys().keys()].filter((id) => id !== first);
    expect(await backedUp(sight, backup)).toContain(second);
    expect(sight.notes(first)).toEqual({ records: '0', removable: 'true' });
    await world.live.until('all is seen', () => {
      const kids = sight.recordKeys();
      return names.every((name) => kids[name] === second) && sight.publishedID() === second;
    });
    expect(scene.values(names[0] ?? '')[grantKey]).not.toBe(sealedBefore);
    for (const { name } of [...parties, suspended]) {
      await world.live.until('its status tells', () => scene.status(name).sealingKeyID === second);
      expect(scene.status(name).revision).toBe(1);
    }
    await scene.becomes(suspended.name, { Ready: 'False/Suspended' });
    expect(world.square.requests.counts(), 'Square hears nothing of it').toEqual(requests);
    expect(parties.map(({ name }) => scene.secret(name)?.metadata.resourceVersion)).toEqual(tokenSecrets);
    expect(await sight.metric('square_operator_sealed_records')).toEqual({ [second]: names.length });

    await sight.shell(remove);
    await world.live.until('it is gone', () => sight.keys().get(first) === undefined);
    for (const party of parties) {
      await scene.request(party.name, 'refresh');
      await world.live.until('it is renewed', () => scene.status(party.name).revision === 2);
      await scene.becomes(party.name, { Ready: 'True/Valid' });
    }
    expect(world.square.ledger.spentAgain()).toEqual([]);
    const spec = { applicationRef: { name: 'app' }, merchantID: retained.merchantID };
    await scene.create('connections', aConnection(world.namespace, retained.name, spec));
    await scene.becomes(retained.name, { Ready: 'True/Valid' });
    expect(scene.tokenRequests(retained)).toBe(1);
    await scene.edit('connections', suspended.name, { spec: { suspend: null } });
    await scene.becomes(suspended.name, { Ready: 'True/Valid' });
    expect(scene.tokenRequests(suspended)).toBe(1);
  });

  test('what it said of taken credentials is still known, whoever starts next', async () => {
    const party = await scene.connected();
    await world.operators.at(-1)?.stop();
    await world.startOperator();
    await scene.edit('connections', party.name, { metadata: { labels: { looked: 'again' } } });
    await scene.settle();
    expect(scene.tokenRequests(party)).toBe(1);
  });

  test('a credential that was sealed for it opens as long as it is there, and keeps it until then', async () => {
    const sight = createKeySight(world);
    const [id, secret] = [...sight.keys()].at(-1) ?? [''];
    const key = JSON.parse(Buffer.from(secret?.data?.['key.json'] ?? '', 'base64').toString()) as { id: string };
    const configMap = world.live.get(
      'configMaps',
      world.operatorNamespace,
      'square-operator-sealing-key',
    ) as unknown as {
      data: Record<string, string>;
    };
    const publicKey = JSON.parse(configMap.data['public-key.json'] ?? '') as Parameters<typeof sealCredential>[0];
    expect([key.id, publicKey.kid]).toEqual([id, id]);
    const app = await scene.application('sealed-app');
    const { merchantID } = world.square.addSeller({ businessName: 'Sealed' });
    const { refreshToken } = world.square.grant({ clientID: app.clientID, merchantID });
    const place = {
      namespace: world.namespace,
      name: 'offline',
      environment: 'Production',
      clientID: app.clientID,
    } as const;
    const sealed = await sealCredential(publicKey, place, token(refreshToken.value));
    const spec = { applicationRef: { name: 'sealed-app' }, credential: { refreshToken: { sealed } }, suspend: true };
    await scene.create('connections', aConnection(world.namespace, 'offline', spec));
    await scene.becomes('offline', { Ready: 'False/Suspended' });
    await sight.shell(
      `kubectl -n square-operator label secret ${secret?.metadata.name} square-operator.dev/sealing-key-state=retired --overwrite`,
    );
    await world.live.until('no record needs it, but the credential', () => {
      const { records, removable } = sight.notes(id);
      return records === '0' && removable === 'false';
    });
    await scene.edit('connections', 'offline', { spec: { suspend: null } });
    await scene.becomes('offline', { Ready: 'True/Valid' });
    await world.live.until('nothing needs it', () => sight.notes(id).removable === 'true', 90_000);
    expect(world.square.ledger.tokenRequests({ merchantID })).toHaveLength(1);
  });
});
