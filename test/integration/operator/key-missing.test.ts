import { expect, test } from 'vitest';
import { labels } from '../../../src/api/names.ts';
import { createKeySight } from '../../support/keys.ts';
import type { StoredSecret } from '../../support/objects.ts';
import { operatorSuite } from '../../support/suite.ts';

operatorSuite('a sealing key that is taken away', {}, (world, scene) => {
  const sight = createKeySight(world);
  const operatorNamespace = () => world.operatorNamespace;
  const restore = ({ metadata: { name, labels: kept }, type, data }: StoredSecret) =>
    scene.create('secrets', { metadata: { namespace: operatorNamespace(), name, labels: kept }, type, data } as never);
  const label = (name: string, state: string) =>
    scene.edit('secrets', name, { metadata: { labels: { [labels.sealingKeyState]: state } } }, operatorNamespace());
  const ready = (name: string) => scene.status(name).conditions?.find(({ type }) => type === 'Ready');
  const version = (name: string) => scene.secret(name)?.metadata.resourceVersion;

  test('closes the records under it by its ID, touches nothing, and heals them at once when it is back', async () => {
    const [[id, secret] = ['', undefined]] = [...sight.keys()];
    if (secret === undefined) throw new Error('there is no key');
    const parties = [await scene.connected(), await scene.connected({ flow: 'PKCE' })];
    const before = parties.flatMap(({ name }) => [version(name), version(`${name}-sealed`)]);
    const requests = world.square.requests.counts();
    await scene.remove('secrets', secret.metadata.name, operatorNamespace());
    for (const { name } of parties) {
      await scene.becomes(name, { Ready: 'False/GrantUnreadable', Valid: 'True', Revoked: 'False', Published: 'True' });
      expect(ready(name)?.message).toContain(`key ${id}, which is not in the ring (there is no sealing key at all)`);
      expect(ready(name)?.message).toContain('Nothing was overwritten');
      expect(scene.status(name)).toMatchObject({ revision: 1, sealingKeyID: id });
      await scene.request(name, 'refresh');
    }
    const late = await scene.connect();
    await world.live.until('a new credential waits', () => {
      const failure = scene.status(late.name).lastFailure;
      return failure?.operation === 'TakeUp' && failure.message.includes('There is no sealing key');
    });
    expect(scene.tokenRequests(late)).toBe(0);
    expect(world.square.requests.counts()).toEqual(requests);
    expect(parties.flatMap(({ name }) => [version(name), version(`${name}-sealed`)])).toEqual(before);
    expect(sight.keys().size, 'no key is made in the place of a lost one').toBe(0);
    expect(sight.publishedID()).toBe(id);
    expect(world.operators[0]?.log.join('')).toContain('there is no sealing key left');

    await restore(secret);
    for (const party of parties) {
      await scene.becomes(party.name, { Ready: 'True/Valid' });
      // The request that nobody could act on is still young enough.
      await world.live.until('it is renewed', () => scene.tokenRequests(party) === 2);
    }
    expect(world.square.ledger.spentAgain()).toEqual([]);
    world.square.clock.advance(60_000);
    await scene.becomes(late.name, { Ready: 'True/Valid' });
    expect(scene.tokenRequests(late)).toBe(1);
  });

  test('and was retired, with another one active, leaves the others alone; back, it gives its records up', async () => {
    const [[first, secret] = ['', undefined]] = [...sight.keys()];
    if (secret === undefined) throw new Error('there is no key');
    const stays = await scene.connected();
    const odd = await scene.connected();
    const jwe = scene.secret(`${odd.name}-sealed`)?.data?.['grant.jwe'];
    await label(secret.metadata.name, 'retired');
    await world.live.until('it is said to be removable', () => sight.notes(first).removable === 'true');
    const removed = sight.keys().get(first);
    await scene.remove('secrets', secret.metadata.name, operatorNamespace());
    await world.live.until('it is gone', () => !sight.keys().has(first));
    // As from a backup that is older than the rotation.
    await scene.edit('secrets', `${odd.name}-sealed`, { data: { 'grant.jwe': jwe } });
    await scene.becomes(odd.name, { Ready: 'False/GrantUnreadable' });
    expect(ready(odd.name)?.message).toContain(
      `key ${first}, which is not in the ring (${[...sight.keys().keys()][0]})`,
    );
    await scene.becomes(stays.name, { Ready: 'True/Valid' });
    await restore(removed ?? secret);
    await scene.becomes(odd.name, { Ready: 'True/Valid' });
    await world.live.until('its record is moved', () => sight.recordKeys()[`${odd.name}-sealed`] !== first);
    await world.live.until('it is removable again', () => sight.notes(first).removable === 'true');
    expect(scene.tokenRequests(odd)).toBe(1);
  });

  test('a key that is active again seals again, and its Secret says nothing of the past', async () => {
    const [active = ''] = [...sight.keys()].filter(([id]) => id === sight.publishedID()).map(([id]) => id);
    const [[retired, secret] = ['', undefined]] = [...sight.keys()].filter(([id]) => id !== active);
    await label(sight.keys().get(active)?.metadata.name ?? '', 'retired');
    await label(secret?.metadata.name ?? '', 'active');
    await world.live.until('it is published', () => sight.publishedID() === retired || sight.keys().size > 2);
    await world.live.until('the notes are gone', () => Object.keys(sight.notes(retired)).length === 0);
    const party = await scene.connected();
    expect(sight.recordKeys()[`${party.name}-sealed`]).toBe(sight.publishedID());
  });

  test('a Secret that is no key changes nothing, and the log names it', async () => {
    const { log } = world.operators[0] ?? { log: [] };
    await scene.create('secrets', {
      metadata: { namespace: operatorNamespace(), name: 'odd-key', labels: { [labels.sealingKey]: 'odd' } },
      type: 'square-operator.dev/sealing-key',
      stringData: { 'key.json': '{}' },
    } as never);
    await world.live.until('it is told', () => log.some((line) => line.includes(`${operatorNamespace()}/odd-key`)));
    const party = await scene.connected();
    await scene.becomes(party.name, { Ready: 'True/Valid' });
    await scene.remove('secrets', 'odd-key', operatorNamespace());
  });
});
