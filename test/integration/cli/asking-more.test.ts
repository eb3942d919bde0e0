import { describe, expect, test } from 'vitest';
import { pluginSuite } from '../../support/plugin-suite.ts';

pluginSuite('kubectl square disconnect, adopt, suspend and resume', {}, ({ world, scene, plugin, person }) => {
  const here = () => ['-n', world.namespace] as const;

  test('suspend and resume change the spec, and wait until the operator keeps to it', async () => {
    await scene.connected({ name: 'rest' });
    const kubectl = plugin.with({ as: await person('onCall') });
    const suspended = await kubectl('suspend', 'rest');
    expect(suspended).toMatchObject({ code: 0, stderr: '' });
    expect(suspended.stdout).toMatch(/\/rest suspended; /);
    await scene.becomes('rest', { Ready: 'False/Suspended' });
    const refused = await kubectl('refresh', 'rest');
    expect(refused.code).toBe(4);
    expect(refused.stderr).toContain('kubectl square resume rest');
    const resumed = await kubectl('resume', 'rest');
    expect(resumed.stdout).toMatch(/\/rest resumed; its state is Valid\n$/);
    expect(scene.connection('rest').spec).not.toHaveProperty('suspend');
  });

  describe('disconnect', () => {
    test('ends the authorization at Square and says so', async () => {
      const party = await scene.connected({ name: 'bye' });
      const { code, stdout } = await plugin('disconnect', 'bye', ...here());
      expect(stdout).toMatch(/\/bye disconnected; the authorization is ended at Square\n$/);
      expect(code).toBe(0);
      expect(scene.revocations(party)).toHaveLength(1);
      const again = await plugin('disconnect', 'bye', ...here());
      expect(again).toMatchObject({ code: 0, stderr: '' });
      expect(again.stdout).toMatch(/\/bye disconnected; it was so already\n$/);
      expect(scene.revocations(party)).toHaveLength(1);
    });

    test('asks before it ends several, and does nothing without an answer', async () => {
      const metadata = { labels: { tenant: 'acme' } };
      const parties = await Promise.all(['b1', 'b2', 'b3'].map((name) => scene.connected({ name, metadata })));
      const dry = await plugin('disconnect', '-l', 'tenant=acme', '--dry-run', ...here());
      expect(dry.stdout.trim().split('\n')).toHaveLength(3);
      const { code, stderr } = await plugin('disconnect', '-l', 'tenant=acme', ...here());
      expect(code).toBe(2);
      expect(stderr).toContain('End the authorizations of 3 connections at Square?');
      expect(stderr).toContain('write --yes');
      expect(parties.flatMap((party) => scene.revocations(party))).toEqual([]);
      const sure = await plugin('disconnect', '-l', 'tenant=acme', '--yes', '-o', 'json', ...here());
      expect(sure.code).toBe(0);
      const { results } = JSON.parse(sure.stdout) as { results: { name: string; outcome: string }[] };
      expect(results.map(({ name, outcome }) => `${name} ${outcome}`).sort()).toEqual([
        'b1 Done',
        'b2 Done',
        'b3 Done',
      ]);
    });

    test('says what keeps Square from it, and stops waiting at Ctrl-C without taking the request back', async () => {
      const party = await scene.connected({ name: 'stuck' });
      const fault = world.square.faults.add({ endpoint: 'revoke', effect: { kind: 'answer', status: 503 } });
      const running = plugin.start({}, 'disconnect', 'stuck', ...here());
      await world.live.until('Square was asked', () => scene.revocations(party).length > 0);
      running.interrupt();
      const { code, stderr } = await running.ended;
      expect(stderr).toMatch(/\/stuck not disconnected: asked for, and not answered yet\. /);
      expect(code).toBe(130);
      world.square.faults.remove(fault);
      world.square.clock.advance(60_000);
      await scene.request('stuck', 'refresh');
      await scene.becomes('stuck', { Ready: 'False/Disconnected' });
    });
  });

  test('adopt takes up what a deleted connection left, and names the seller', async () => {
    await scene.connected({ name: 'heir' });
    await scene.remove('connections', 'heir');
    expect((await plugin('list', '--retained', ...here())).stdout).toContain('heir');
    await recreate('heir');
    const { code, stdout } = await plugin('adopt', 'heir', ...here());
    expect(stdout).toMatch(/\/heir adopted; the grant of .+ is held \(\w+\)\n$/);
    expect(code).toBe(0);
    await scene.becomes('heir', { Ready: 'True/Valid' });
    const again = await plugin('adopt', 'heir', ...here());
    expect(again).toMatchObject({ code: 0, stderr: '' });
    expect(again.stdout).toMatch(/\/heir adopted; the grant of .+ is held already \(Valid\)\n$/);
  });

  test('adopt needs a grant, and --dry-run says of each what would come of it', async () => {
    await scene.connect({ name: 'empty', spec: { credential: undefined } });
    await scene.becomes('empty', { Ready: 'False/AwaitingAuthorization' });
    const { code, stderr } = await plugin('adopt', 'empty', ...here());
    expect(stderr).toContain('/empty not adopted: there is no retained grant to take up. AwaitingAuthorization: ');
    expect(code).toBe(4);
    await scene.connected({ name: 'full' });
    const dry = await plugin('refresh', 'empty', 'full', '--dry-run', '-o', 'json', ...here());
    expect(JSON.parse(dry.stdout)).toMatchObject({
      results: [
        { name: 'empty', outcome: 'Refused', reason: 'AwaitingAuthorization' },
        { name: 'full', outcome: 'WouldBeAsked' },
      ],
    });
    expect(dry.code).toBe(4);
    expect(scene.connection('full').metadata.annotations).toBeUndefined();
  });

  async function recreate(name: string) {
    const applicationRef = { name: 'app' };
    const metadata = { namespace: world.namespace, name };
    const object = {
      apiVersion: 'square-operator.dev/v1alpha1',
      kind: 'SquareConnection',
      metadata,
      spec: { applicationRef },
    };
    await world.live.until('it is gone', () => world.live.get('connections', world.namespace, name) === undefined);
    await scene.create('connections', object);
    await scene.becomes(name, { Ready: 'False/RetainedGrantFound' });
  }
});
