import { execFile } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, test } from 'vitest';
import { minutes } from '../../../src/clock.ts';
import { generateKey } from '../../../src/secrets/key-material.ts';
import { createKeySight, documentedCommands } from '../../support/keys.ts';
import { operatorSuite } from '../../support/suite.ts';

interface Key {
  readonly id: string;
  readonly text: string;
}

const aKey = (made = Date.now()): Key => {
  const text = generateKey(made);
  return { id: (JSON.parse(text) as { id: string }).id, text };
};
const withState = ({ text }: Key, state: string) => JSON.stringify({ ...(JSON.parse(text) as object), state });

/** A directory that the operator starts with. Its files are there before the suite begins. */
const directory = mkdtempSync(join(tmpdir(), 'square-operator-keys-'));
afterAll(() => rm(directory, { recursive: true, force: true }));
// Keys tell whole seconds, and the next one is to be newer.
const first = aKey(Date.now() - minutes(1));
await writeFile(join(directory, 'first.json'), first.text);

operatorSuite('sealing keys in a directory', { flags: [`--sealing-key-dir=${directory}`] }, (world, scene) => {
  const sight = createKeySight(world);
  const write = async (name: string, text: string) => {
    // As a volume does: whole, under its name, in one step.
    await writeFile(join(directory, `.${name}`), text);
    await rename(join(directory, `.${name}`), join(directory, name));
  };
  const log = () => world.operators.at(-1)?.log.join('') ?? '';
  const sealedBy = (name: string) => sight.recordKeys()[`${name}-sealed`];
  const ready = (name: string) => scene.status(name).conditions?.find(({ type }) => type === 'Ready');
  let second = '';

  test('are no keys in the cluster', async () => {
    const party = await scene.connected();
    expect(sealedBy(party.name)).toBe(first.id);
    expect(sight.keys().size).toBe(0);
    expect(sight.publishedID()).toBe(first.id);
    expect(await sight.metric('square_operator_sealing_key_in_cluster')).toEqual({ '': 0 });
    expect(log()).not.toContain('unwrapped');
  });

  test('come, retire and go while the operator runs', async () => {
    const party = await scene.connected();
    const [, , , , , make = ''] = await documentedCommands('Rotating a key');
    await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', make], { cwd: directory });
    ({ id: second } = JSON.parse(await readFile(join(directory, 'second.json'), 'utf8')) as { id: string });
    await world.live.until('the new key is published', () => sight.publishedID() === second);
    expect(sealedBy(party.name), 'an active key keeps its records').toBe(first.id);
    await write('first.json', withState(first, 'Retired'));
    await world.live.until('the records have moved', () => sealedBy(party.name) === second);
    const removable = `"keyID":"${first.id}","msg":"nothing in the watched namespaces needs this retired sealing key`;
    await world.live.until('it is said to be removable', () => log().includes(removable));
    expect(Object.keys(await sight.metric('square_operator_sealed_records'))).toEqual([second]);
    await unlink(join(directory, 'first.json'));
    await world.live.until('it is gone', () => log().includes(`"removed":["${first.id}"]`));
    await scene.request(party.name, 'refresh');
    await world.live.until('it is renewed', () => scene.status(party.name).revision === 2);
    expect(scene.tokenRequests(party)).toBe(2);
  });

  test('that are swapped as a mounted Secret is are seen', async () => {
    const party = await scene.connected();
    const names = (await readdir(directory)).filter((name) => name.endsWith('.json') && !name.startsWith('.'));
    expect(names).toEqual(['second.json']);
    const mount = async (version: string, files: Readonly<Record<string, string>>) => {
      await mkdir(join(directory, version));
      for (const [name, text] of Object.entries(files)) await writeFile(join(directory, version, name), text);
      await symlink(version, join(directory, '..data_tmp'));
      await rename(join(directory, '..data_tmp'), join(directory, '..data'));
    };
    const text = await readFile(join(directory, 'second.json'), 'utf8');
    await mount('..1', { 'second.json': text });
    await symlink('..data/second.json', join(directory, '.swap'));
    await rename(join(directory, '.swap'), join(directory, 'second.json'));
    const third = aKey();
    const digest = (JSON.parse(text) as { digest: string }).digest;
    const heir = JSON.stringify({ ...(JSON.parse(third.text) as object), digest });
    await mount('..2', { 'second.json': withState({ id: second, text }, 'Retired'), 'third.json': heir });
    await symlink('..data/third.json', join(directory, 'third.json'));
    await rm(join(directory, '..1'), { recursive: true });
    await world.live.until('the records have moved', () => sealedBy(party.name) === third.id);
    await scene.becomes(party.name, { Ready: 'True/Valid' });
  });

  test('that cannot be read change nothing, and the log names the file', async () => {
    const party = await scene.connected();
    await write('bad.json', '{"root":');
    await world.live.until('it is told', () => log().includes(join(directory, 'bad.json')));
    await scene.request(party.name, 'refresh');
    await world.live.until('work goes on', () => scene.status(party.name).revision === 2);
    await unlink(join(directory, 'bad.json'));
  });

  test('that are gone close the records until they are back', async () => {
    const party = await scene.connected();
    const key = sealedBy(party.name) ?? '';
    const calls = scene.calls(party);
    await rename(join(directory, 'third.json'), join(directory, '.third'));
    await rename(join(directory, 'second.json'), join(directory, '.second'));
    await scene.becomes(party.name, { Ready: 'False/GrantUnreadable', Valid: 'True' });
    expect(ready(party.name)?.message).toContain(key);
    await rename(join(directory, '.third'), join(directory, 'third.json'));
    await scene.becomes(party.name, { Ready: 'True/Valid' });
    expect(scene.calls(party)).toBe(calls);
  });

  test('that lie in the cluster too are told of', async () => {
    const text = await readFile(join(directory, 'third.json'), 'utf8');
    const { id } = JSON.parse(text) as { id: string };
    await scene.create('secrets', {
      metadata: {
        namespace: world.operatorNamespace,
        name: 'left-behind',
        labels: { 'square-operator.dev/sealing-key': id },
      },
      type: 'square-operator.dev/sealing-key',
      stringData: { 'key.json': text },
    } as never);
    await world.live.until('it is told', () => log().includes('lie unwrapped in Secrets of the cluster besides'));
    expect(await sight.metric('square_operator_sealing_key_in_cluster')).toEqual({ '': 1 });
    await scene.remove('secrets', 'left-behind', world.operatorNamespace);
    await scene.settle();
    expect(await sight.metric('square_operator_sealing_key_in_cluster')).toEqual({ '': 0 });
  });
});
