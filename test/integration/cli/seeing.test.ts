import { beforeAll, describe, expect, test } from 'vitest';
import { pluginSuite } from '../../support/plugin-suite.ts';

pluginSuite('kubectl square status and list', {}, ({ world, scene, plugin, person }) => {
  const here = () => ['-n', world.namespace] as const;

  beforeAll(async () => {
    await scene.connected({ name: 'bakery', metadata: { labels: { app: 'corner' } } });
    await scene.connect({ name: 'cafe', spec: { credential: undefined } });
    await scene.becomes('cafe', { Ready: 'False/AwaitingAuthorization' });
  });

  describe('status', () => {
    test('tells everything of one connection, and exits with 0 while it is ready', async () => {
      const { code, stdout } = await plugin('status', 'bakery', ...here());
      expect(code).toBe(0);
      expect(stdout).toContain(`SquareConnection ${world.namespace}/bakery`);
      expect(stdout).toMatch(/^State +Valid \(Ready True\)$/m);
      expect(stdout).toMatch(/^Since +(\d+s ago|now) \(20\d\d-[^)]+Z\)$/m);
      expect(stdout).toMatch(/^Seller +Bakery bakery \(M\w+\)$/m);
      expect(stdout).toMatch(/^Next refresh +in [56]d/m);
      expect(stdout).toMatch(/^Secret +bakery$/m);
      expect(stdout).toMatch(/^Renewable +True +RefreshTokenSealed/m);
    });

    test('says what to do about one that is not ready, and exits with 4', async () => {
      const { code, stdout } = await plugin('status', 'sqc/cafe', ...here());
      expect(code).toBe(4);
      expect(stdout).toMatch(/^State +AwaitingAuthorization \(Ready False\)$/m);
      expect(stdout).toMatch(/^Do +Have the seller sign in, or set spec\.credential\.$/m);
    });

    test('without names gives an overview with the remedies', async () => {
      const { code, stdout } = await plugin('status', ...here());
      expect(code).toBe(4);
      expect(stdout).toMatch(/^1 of 2 ready; 1 needs somebody$/m);
      expect(stdout).toMatch(/^Which +cafe \(\d+s\)$/m);
      const labelled = await plugin('status', '-l', 'app=corner', '-A');
      expect(labelled.code).toBe(0);
      expect(labelled.stdout).toMatch(/^1 of 1 ready; it needs nobody$/m);
    });

    test('for scripts, as JSON and as YAML', async () => {
      const { stdout } = await plugin('status', 'bakery', '-o', 'json', ...here());
      const { connections } = JSON.parse(stdout) as { connections: object[] };
      expect(connections).toMatchObject([
        { name: 'bakery', ready: 'True', state: 'Valid', object: { status: { revision: 1 } } },
      ]);
      expect((await plugin('status', 'bakery', '-o', 'yaml', ...here())).stdout).toContain('    state: Valid\n');
    });

    test('exits with 3 when there is none of that name', async () => {
      const { code, stdout, stderr } = await plugin('status', 'nobody', ...here());
      expect({ code, stdout, stderr }).toEqual({
        code: 3,
        stdout: '',
        stderr: `SquareConnection ${world.namespace}/nobody does not exist. Name its namespace with -n; kubectl square list -A shows all.\n`,
      });
    });
  });

  describe('list', () => {
    test('shows state, age and expiry', async () => {
      const { code, stdout } = await plugin('list', ...here());
      expect(code).toBe(0);
      expect(stdout.split('\n').map((line) => line.split(/ {2,}/).slice(0, 3))).toEqual([
        ['NAME', 'READY', 'STATE'],
        ['bakery', 'True', 'Valid'],
        ['cafe', 'False', 'AwaitingAuthorization'],
        [''],
      ]);
    });

    test('of all namespaces, with a label, wide', async () => {
      const { stdout } = await plugin('list', '-A', '-l', 'app=corner', '-o', 'wide');
      expect(stdout).toContain('NAMESPACE');
      expect(stdout).toContain(`${world.namespace}   bakery`);
      expect(stdout).toContain('Bakery bakery');
      expect(stdout).not.toContain('cafe');
    });

    test('as the objects that the API server has', async () => {
      const { stdout } = await plugin('list', '-o', 'json', ...here());
      const { kind, items } = JSON.parse(stdout) as { kind: string; items: { metadata: { name: string } }[] };
      expect([kind, ...items.map(({ metadata }) => metadata.name)]).toEqual(['List', 'bakery', 'cafe']);
    });

    test('--due: when the next refreshes are, and how many have no date', async () => {
      const { stdout, stderr } = await plugin('list', '--due', ...here());
      expect(stdout).toMatch(/^bakery +Valid +in [56]d\w* +20\d\d-/m);
      expect(stderr).toMatch(/^1 more without a date/);
    });

    test('--retained: sealed grants of deleted connections', async () => {
      await scene.connected({ name: 'gone' });
      await scene.remove('connections', 'gone');
      const { stdout } = await plugin('list', '--retained', ...here());
      expect(stdout).toMatch(new RegExp(`^${world.namespace} +gone +gone-sealed +\\d+s$`, 'm'));
      expect(stdout).not.toContain('bakery');
    });

    test('says what is no selector, and exits with 2', async () => {
      const { code, stderr } = await plugin('list', '-l', 'a=b=c', ...here());
      expect(stderr).toMatch(/^Error: -l a=b=c: write labels such as app=pos,tier!=test \(.*expected.*\)\.\n$/);
      expect(code).toBe(2);
    });

    test('says that there is nothing, and exits with 0', async () => {
      const { code, stderr } = await plugin('list', '-l', 'app=none', ...here());
      expect(code).toBe(0);
      expect(stderr).toBe(`There is no SquareConnection with labels app=none in namespace ${world.namespace}.\n`);
    });
  });

  describe('rights', () => {
    test('a viewer sees connections, is told that events are not to be read, and gets no Secrets', async () => {
      const kubectl = plugin.with({ as: await person('viewer') });
      expect((await kubectl('list')).stdout).toContain('bakery');
      const page = await kubectl('status', 'bakery');
      expect(page.code).toBe(0);
      expect(page.stdout).toMatch(/^not to be read: .*events.* is forbidden/m);
      const retained = await kubectl('list', '--retained');
      expect(retained.code).toBe(1);
      expect(retained.stderr).toMatch(/^Error: .*secrets is forbidden/);
      expect(retained.stderr).toContain('kubectl square doctor');
      const everywhere = await kubectl('list', '-A');
      expect(everywhere.code).toBe(1);
    });
  });

  test('a kubeconfig that does not serve is named, with what to do', async () => {
    expect(await plugin.with({ env: { KUBECONFIG: '/nonexistent' } })('list')).toEqual({
      code: 1,
      stdout: '',
      stderr:
        'Error: The kubeconfig /nonexistent cannot be read: there is no such file.\nWrite another --kubeconfig or --context, or set KUBECONFIG.\n',
    });
    expect((await plugin('list', '--context', 'nowhere')).stderr).toMatch(
      /^Error: The kubeconfig has no context "nowhere" \(it has .+\)\.\n/,
    );
  });
});
