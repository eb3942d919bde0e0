import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { annotations, sealingKeyConfigMap } from '../../../src/api/names.ts';
import { pluginSuite } from '../../support/plugin-suite.ts';

pluginSuite('kubectl square refresh and seal', {}, ({ world, scene, plugin, person }) => {
  const here = () => ['-n', world.namespace] as const;
  const there = () => ['-n', world.namespace, '--operator-namespace', world.operatorNamespace] as const;

  describe('refresh', () => {
    test('asks by the annotation, waits for the new token and tells when it ends', async () => {
      const party = await scene.connected({ name: 'bakery' });
      const { code, stdout } = await plugin('refresh', 'bakery', ...here());
      expect(stdout).toMatch(/\/bakery refreshed; the new token expires in \d+d \(20\d\d-[^)]+Z\)\n$/);
      expect(code).toBe(0);
      expect(scene.tokenRequests(party)).toBe(2);
      const { metadata } = scene.connection('bakery');
      expect(scene.status('bakery').lastHandledRefreshRequest).toBe(
        metadata.annotations?.[annotations.refreshRequestedAt],
      );
    });

    test('by label over all namespaces, on behalf of somebody who may do no more than that', async () => {
      const labels = { fleet: 'one' };
      const parties = await Promise.all(
        ['f1', 'f2', 'f3', 'f4', 'f5', 'f6'].map((name) => scene.connected({ name, metadata: { labels } })),
      );
      const kubectl = plugin.with({ as: await person('onCall') });
      const { code, stdout, stderr } = await kubectl('refresh', '-l', 'fleet=one');
      expect(stdout.split('\n').filter((line) => line.includes(' refreshed; '))).toHaveLength(6);
      expect(stderr).toContain('6 refreshed.\n');
      expect(code).toBe(0);
      expect(parties.map((party) => scene.tokenRequests(party))).toEqual([2, 2, 2, 2, 2, 2]);
    });

    test('tells why not, and exits with 4', async () => {
      const party = await scene.connected({ name: 'ended' });
      world.square.disconnect(party);
      const { code, stderr } = await plugin('refresh', 'ended', ...here());
      expect(stderr).toMatch(/\/ended not refreshed: \w+: /);
      expect(code).toBe(4);
    });

    test('does not ask in vain', async () => {
      await scene.connect({ name: 'empty', spec: { credential: undefined } });
      await scene.becomes('empty', { Ready: 'False/AwaitingAuthorization' });
      const { code, stderr } = await plugin('refresh', 'empty', ...here());
      expect(stderr).toMatch(
        /\/empty not refreshed: there is no authorization to refresh\. AwaitingAuthorization: There is no grant yet: set spec\.credential\./,
      );
      expect(code).toBe(4);
      expect(scene.connection('empty').metadata.annotations).toBeUndefined();
    });

    test('--no-wait and --dry-run', async () => {
      const party = await scene.connected({ name: 'later' });
      expect((await plugin('refresh', 'later', '--dry-run', ...here())).stdout).toMatch(
        /\/later would be refreshed\n$/,
      );
      expect(scene.connection('later').metadata.annotations).toBeUndefined();
      expect((await plugin('refresh', 'later', '--no-wait', ...here())).stdout).toMatch(
        /\/later asked to be refreshed\n$/,
      );
      await world.live.until('it is refreshed', () => scene.status('later').revision === 2);
      expect(scene.tokenRequests(party)).toBe(2);
    });

    test('exits with 5 when no answer comes in time, and says what is known', async () => {
      await scene.connected({ name: 'slow' });
      world.square.faults.add({ endpoint: 'token', times: 1, effect: { kind: 'hang', when: 'before' } });
      const { code, stderr } = await plugin('refresh', 'slow', '--timeout', '1s', ...here());
      expect(stderr).toMatch(/\/slow not refreshed: asked for, and not answered yet\. Valid: /);
      expect(code).toBe(5);
    });

    test('exits with 1 where the right is missing', async () => {
      const { code, stderr } = await plugin.with({ as: await person('viewer') })('refresh', 'bakery');
      expect(stderr).toMatch(/cannot patch resource "squareconnections"/);
      expect(code).toBe(1);
    });

    test('on behalf of another, who may not', async () => {
      const { code, stderr } = await plugin('refresh', 'bakery', '--as', 'somebody@example.com', ...here());
      expect(stderr).toContain('User "somebody@example.com" cannot');
      expect(code).toBe(1);
    });

    test('as JSON', async () => {
      const { stdout } = await plugin('refresh', 'bakery', '-o', 'json', ...here());
      expect(JSON.parse(stdout)).toMatchObject({ results: [{ name: 'bakery', outcome: 'Done' }] });
    });
  });

  describe('seal', () => {
    const connection = (name: string, sealed: string, app = 'seal-app') => ({
      apiVersion: 'square-operator.dev/v1alpha1',
      kind: 'SquareConnection',
      metadata: { namespace: world.namespace, name },
      spec: { applicationRef: { name: app }, credential: { refreshToken: { sealed } } },
    });

    test('a refresh token, with the key of the cluster: the connection takes it up', async () => {
      const app = await scene.application('seal-app');
      const { merchantID } = world.square.addSeller({ businessName: 'Sealed' });
      const { refreshToken } = world.square.grant({ clientID: app.clientID, merchantID });
      const kubectl = plugin.with({ stdin: ` ${refreshToken.value}\n`, as: await person('onCall') });
      const { code, stdout, stderr } = await kubectl('seal', 'sealed', '--application', 'seal-app', ...there());
      expect(stderr).toMatch(
        /^Space around the value was taken off\.\nSealed for .*\/sealed, application .*, Production, by key \w+ \(ConfigMap /,
      );
      expect(code).toBe(0);
      expect(stdout).toMatch(/^[\w-]+(\.[\w-]+){4}\n$/);
      await scene.create('connections', connection('sealed', stdout.trim()));
      await scene.becomes('sealed', { Ready: 'True/Valid' });
    });

    test('away from the cluster, with the key in a file', async () => {
      const app = await scene.application('seal-app-2');
      const { merchantID } = world.square.addSeller({ businessName: 'Sealed offline' });
      const { refreshToken } = world.square.grant({ clientID: app.clientID, merchantID });
      const map = world.live.get('configMaps', world.operatorNamespace, sealingKeyConfigMap) as unknown as {
        data: Record<string, string>;
      };
      const file = join(plugin.dir, 'key.json');
      await writeFile(file, map.data['public-key.json'] ?? '');
      const offline = plugin.with({ stdin: refreshToken.value, env: { KUBECONFIG: '/nonexistent' } });
      const how = ['--client-id', app.clientID, '--environment', 'Production', '--public-key', file];
      const { code, stdout } = await offline('seal', 'offline', ...here(), ...how);
      expect(code).toBe(0);
      await scene.create('connections', connection('offline', stdout.trim(), 'seal-app-2'));
      await scene.becomes('offline', { Ready: 'True/Valid' });
      expect((await offline('seal', 'offline', ...how)).stderr).toMatch(/^Error: Write -n NAMESPACE, too/);
    });

    test('from a file, as a shell redirects it', async () => {
      const file = join(plugin.dir, 'token');
      await writeFile(file, 'EQAAfromafile\n');
      const how = `seal redirected --personal --environment Sandbox ${there().join(' ')}`;
      const line = `kubectl square ${how} < ${file}`;
      const { status, stdout, stderr } = plugin.shell(line);
      expect(stderr).toMatch(/^Sealed for \S+\/redirected, a personal access token, Sandbox/);
      expect(stdout).toMatch(/^[\w-]+(\.[\w-]+){4}\n$/);
      expect(status).toBe(0);
    });

    test('what cannot be a credential is refused, and not shown', async () => {
      const { code, stdout, stderr } = await plugin.with({ stdin: '{"token": "EAAAsomething"}' })(
        'seal',
        'x',
        '--application',
        'seal-app',
        ...there(),
      );
      expect({ code, stdout, stderr }).toEqual({
        code: 1,
        stdout: '',
        stderr: 'Error: The value on standard input has white space inside, so it is not one token alone.\n',
      });
    });

    test('an application that does not exist is told before the value is read', async () => {
      const { code, stderr } = await plugin('seal', 'x', '--application', 'nobody', ...there());
      expect(code).toBe(3);
      expect(stderr).toBe(`Error: SquareApplication ${world.namespace}/nobody does not exist.\n`);
    });
  });
});
