import { spawnSync } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { annotations, labels } from '../../../src/api/names.ts';
import { findKubectl } from '../../cluster/kubectl.ts';
import { kubeconfig } from '../../support/cluster.ts';
import { pluginSuite } from '../../support/plugin-suite.ts';

interface Report {
  readonly checks: readonly {
    readonly check: string;
    readonly health: string;
    readonly says: string;
    readonly remedy?: string;
  }[];
}

pluginSuite('kubectl square keys, plan, doctor and completion', {}, ({ world, scene, plugin, person }) => {
  const here = () => ['-n', world.namespace, '--operator-namespace', world.operatorNamespace] as const;
  let page: Server;
  let external: string;

  beforeAll(async () => {
    await scene.connected({ name: 'bakery' });
    page = createServer((_, response) => void response.writeHead(404).end());
    await new Promise<void>((done) => page.listen(0, '127.0.0.1', done));
    external = `http://127.0.0.1:${(page.address() as AddressInfo).port}`;
  });
  afterAll(() => void page?.close());

  describe('keys', () => {
    test('shows state and use of each key, that the published one fits, and that keys in the cluster are a risk', async () => {
      const { code, stdout, stderr } = await plugin('keys', ...here());
      expect(stdout).toMatch(/^\w+ +active +\d+s +1 +- +square-operator-sealing-key-1$/m);
      expect(stdout).toMatch(/^Published for sealing: \w+$/m);
      expect(stderr.replaceAll('\n', ' ')).toContain('a backup of etcd holds both the grants and their keys');
      expect(code).toBe(0);
    });

    test('says what is wrong with a published key that is none of them, and exits with 4', async () => {
      const map = {
        metadata: { namespace: world.namespace, name: 'square-operator-sealing-key' },
        data: { 'public-key.json': '{}' },
      };
      await scene.create('configMaps', map);
      const { code, stderr } = await plugin('keys', '-n', world.namespace, '--operator-namespace', world.namespace);
      expect(stderr).toContain('holds no public key');
      expect(code).toBe(4);
    });

    test('a retired key that nothing needs is removable', async () => {
      const retire = { metadata: { labels: { [labels.sealingKeyState]: 'retired' } } };
      await scene.edit('secrets', 'square-operator-sealing-key-1', retire, world.operatorNamespace);
      await world.live.until('it may be removed', () => {
        const secret = world.live.get('secrets', world.operatorNamespace, 'square-operator-sealing-key-1');
        return secret?.metadata.annotations?.[annotations.removable] === 'true';
      });
      const { stdout } = await plugin('keys', ...here());
      expect(stdout).toMatch(/ retired, removable +\S+ +0 +0 +square-operator-sealing-key-1$/m);
      expect(stdout).toMatch(/ active +\S+ +1 +- +square-operator-sealing-key-2$/m);
    });

    test('needs the right to list Secrets where the operator runs', async () => {
      const { code, stderr } = await plugin.with({ as: await person('onCall') })('keys', ...here());
      expect(stderr).toMatch(/secrets is forbidden/);
      expect(code).toBe(1);
    });
  });

  describe('plan', () => {
    test('counts the calls of each application', async () => {
      const { code, stdout } = await plugin('plan', ...here());
      expect(stdout).toMatch(new RegExp(`^${world.namespace}/app +1 +1 +\\d+ +1 +\\d +<1 %$`, 'm'));
      // 168 hours are seven days from midnight on, and touch eight at any other time.
      const days = stdout.split('\n').filter((line) => / calls, \d+ refreshes$/.test(line));
      expect([7, 8]).toContain(days.length);
      expect(code).toBe(0);
    });

    test('as JSON: 168 hours for each', async () => {
      const { stdout } = await plugin('plan', '-o', 'json', ...here());
      const { applications } = JSON.parse(stdout) as {
        applications: { application: string; hours: { calls: number }[] }[];
      };
      expect(applications.map(({ application, hours }) => [application, hours.length])).toEqual([
        [`${world.namespace}/app`, 168],
      ]);
    });
  });

  describe('doctor', () => {
    const examine = async (...args: readonly string[]) => {
      const { code, stdout } = await plugin('doctor', '-o', 'json', ...here(), ...args);
      const { checks } = JSON.parse(stdout) as Report;
      return { code, checks, of: (name: string) => checks.filter(({ check }) => check === name) };
    };

    test('finds nothing wrong where nothing is, with the metrics of the operator', async () => {
      const metrics = world.operators[0]?.metricsURL ?? '';
      const { code, checks, of } = await examine('--metrics-url', metrics);
      expect(checks.filter(({ health }) => health === 'fail')).toEqual([]);
      expect(code).toBe(0);
      expect(of('Rights of the operator')).toMatchObject([{ health: 'ok' }]);
      expect(of('Lease')).toMatchObject([{ health: 'ok' }]);
      expect(of('Clock of the operator')).toMatchObject([{ health: 'ok' }]);
      expect(of('Definitions').map(({ health }) => health)).toEqual(['ok', 'ok']);
      expect(of('Square, as the operator sees it').at(-1)?.says).toMatch(
        /^of \d+ calls since its start 0 had no answer or a 5xx, 0 a 429$/,
      );
      expect(of('Sealing keys').map(({ health }) => health)).toEqual(['ok', 'warn']);
      expect(checks.filter(({ health }) => health === 'warn').every(({ remedy = '' }) => remedy !== '')).toBe(true);
    });

    test('looks whether the addresses answer, and calls none of Square', async () => {
      const { clientID } = world.square.addApplication();
      const spec = {
        clientID,
        environment: 'Production',
        flow: 'PKCE',
        redirectURL: `${external}/oauth/callback`,
        webhook: {
          notificationURL: 'https://connect.squareup.com/webhooks',
          signatureKeyRefs: [{ name: 'x', key: 'y' }],
        },
      };
      const metadata = { namespace: world.namespace, name: 'hooked' };
      await scene.create('applications', {
        apiVersion: 'square-operator.dev/v1alpha1',
        kind: 'SquareApplication',
        metadata,
        spec,
      } as never);
      const deployment = {
        metadata: { name: 'square-operator', labels: { 'app.kubernetes.io/name': 'square-operator' } },
        spec: {
          replicas: 2,
          selector: { matchLabels: { app: 'x' } },
          template: {
            metadata: { labels: { app: 'x' } },
            spec: { containers: [{ name: 'x', image: 'x', args: [`--external-url=${external}`] }] },
          },
        },
      };
      const path = `/apis/apps/v1/namespaces/${world.operatorNamespace}/deployments`;
      await world.api.ask('POST', path, { body: deployment });
      const { code, of } = await examine();
      expect(of('Addresses').map(({ health, says }) => `${health} ${says.replace(external, '')}`)).toEqual([
        `ok external URL (GET /connections) answers from here (404)`,
        `ok redirect URL of ${world.namespace}/app, redirect URL of ${world.namespace}/hooked (GET /oauth/callback) answers from here (404)`,
        `fail webhook of ${world.namespace}/hooked (GET https://connect.squareup.com/webhooks) is an address of Square`,
      ]);
      expect(of('Replicas')).toMatchObject([{ health: 'fail', says: 'none of 2 is available' }]);
      expect(code).toBe(1);
      await world.api.ask('DELETE', `${path}/square-operator`);
      await scene.remove('applications', 'hooked');
    });

    test('names what is wrong, each with its remedy', async () => {
      const party = await scene.connected({ name: 'ended' });
      world.square.disconnect(party);
      await plugin('refresh', 'ended', ...here());
      await scene.connect({ name: 'lost', spec: { applicationRef: { name: 'nobody' } } });
      await scene.becomes('lost', { Ready: 'False/ApplicationNotFound' });
      const { code, stdout } = await plugin('doctor', ...here());
      expect(stdout).toMatch(/^fail {2}Connections: 1 of 3 ApplicationNotFound: .*\/lost\./m);
      expect(stdout).toMatch(/^ {6}→ Create it, or correct spec\.applicationRef\.$/m);
      expect(stdout).toMatch(/^fail {2}Connections: 1 of 3 Revoked: .*\/ended\./m);
      expect(stdout).toMatch(/\n\d+ ok, \d+ to look at, 2 failed, \d+ skipped\n$/);
      expect(code).toBe(1);
    });

    test('without rights skips what is not to be seen, and says which rights are missing', async () => {
      const kubectl = plugin.with({ as: await person('viewer') });
      const { stdout } = await kubectl('doctor', '--operator-namespace', world.operatorNamespace);
      const flat = stdout.replaceAll(/\s+/g, ' ');
      expect(flat).toContain(
        `In ${world.namespace} you may not list events (status), patch squareconnections (refresh,`,
      );
      expect(flat).toContain('skip Rights of the operator: you may not ask what others may do');
      expect(flat).toContain('skip Lease: not to be read: you have not the right');
    });

    test('an operator namespace without an operator', async () => {
      const { code, stdout } = await plugin('doctor', '-n', world.namespace, '--operator-namespace', 'default');
      expect(stdout).toMatch(/^fail {2}Lease: no lease in default: no operator has ever run there$/m);
      expect(stdout).toMatch(/^skip {2}Rights of the operator: no operator is installed in default$/m);
      expect(code).toBe(1);
    });
  });

  describe('completion', () => {
    test('kubectl completes verbs, names and options by kubectl_complete-square', async () => {
      const kubectl = await findKubectl({ line() {}, progress() {} });
      const complete = (...args: readonly string[]) =>
        spawnSync(kubectl, ['__complete', 'square', ...args], {
          encoding: 'utf8',
          env: {
            PATH: [plugin.dir, dirname(process.execPath), process.env['PATH']].join(':'),
            KUBECONFIG: kubeconfig(),
            HOME: plugin.dir,
          },
        }).stdout;
      expect(complete('re')).toContain('refresh\tAsk for a new access token now.\n');
      expect(complete('status', '-n', world.namespace, 'ba')).toMatch(/^bakery\n:4\n/);
      expect(complete('list', '-o', '')).toMatch(/^table\nwide\njson\nyaml\n:4\n/);
    });

    test('prints the script of a shell', async () => {
      const { code, stdout } = await plugin('completion', 'bash');
      expect(code).toBe(0);
      expect(spawnSync('bash', ['-n'], { input: stdout, encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
      expect((await plugin('completion', 'tcsh')).code).toBe(2);
    });
  });
});
