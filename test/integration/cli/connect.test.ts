import { request } from 'undici';
import { expect, test } from 'vitest';
import { connectLinkSecretName } from '../../../src/api/names.ts';
import { pluginSuite } from '../../support/plugin-suite.ts';

pluginSuite('kubectl square connect', { web: 'http' }, ({ world, scene, plugin, person }) => {
  const here = () => ['-n', world.namespace] as const;
  const waiting = async (name: string) => {
    await scene.connect({ name, spec: { credential: undefined } });
    await scene.becomes(name, { Ready: 'False/AwaitingAuthorization' });
  };
  /** Whether the page gives a session for the link. */
  const letsIn = async (url: string) => (await request(url)).headers['set-cookie'] !== undefined;
  const stored = (name: string) => scene.values(connectLinkSecretName(name))['url'];

  test('prints the link alone on standard output, made for this request; a seller gets in by it', async () => {
    await waiting('bakery');
    const { code, stdout, stderr } = await plugin('connect', 'bakery', ...here());
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`^http://\\S+/connect/${world.namespace}/bakery\\?link=\\S+\n$`));
    expect(stderr).toMatch(
      /^It ends in (59m|60m|1h) \(20\d\d-[^)]+Z\), or once a grant is taken up\. Give it to the seller alone/,
    );
    await world.live.until('the tests see the link', () => stored('bakery') === stdout.trim());
    expect(await letsIn(stdout.trim())).toBe(true);
  });

  test('another call gives another link, and ends the first', async () => {
    await waiting('cafe');
    const [first, second] = [
      await plugin('connect', 'cafe', ...here()),
      await plugin('connect', 'cafe', ...here(), '-o', 'json'),
    ];
    const { url, expiresAt } = JSON.parse(second.stdout) as { url: string; expiresAt: string };
    expect(url).not.toBe(first.stdout.trim());
    expect(Date.parse(expiresAt) - Date.now()).toBeGreaterThan(3_000_000);
    expect(await letsIn(first.stdout.trim())).toBe(false);
    expect(await letsIn(url)).toBe(true);
  });

  test('says why there can be none, and exits with 4', async () => {
    const sealed = { sealed: ['eyJ', 'a', 'b', 'c', 'd'].join('.') };
    await scene.connect({ name: 'personal', spec: { credential: { personalAccessToken: sealed } } });
    const { code, stderr } = await plugin('connect', 'personal', ...here());
    expect(stderr).toMatch(/has no application by which a seller could sign in/);
    expect(code).toBe(4);
  });

  test('asks for nothing where the link could not be read', async () => {
    await waiting('shut');
    const { code, stderr } = await plugin.with({ as: await person('onCall') })('connect', 'shut');
    expect(stderr).toMatch(/secrets .*is forbidden/);
    expect(code).toBe(1);
    expect(scene.connection('shut').metadata.annotations).toBeUndefined();
  });

  test('of a connection that does not exist', async () => {
    expect((await plugin('connect', 'nobody', ...here())).code).toBe(3);
  });
});

pluginSuite('kubectl square connect without pages', {}, ({ world, scene, plugin }) => {
  test('says what the operator lacks', async () => {
    await scene.connect({ name: 'bakery', spec: { credential: undefined } });
    await scene.becomes('bakery', { Ready: 'False/AwaitingAuthorization' });
    const { code, stdout, stderr } = await plugin('connect', 'bakery', '-n', world.namespace);
    expect(stderr).toMatch(
      /No link can be made for .*\/bakery: the operator has no pages to sign in on: start it with --external-url\.\n$/,
    );
    expect({ code, stdout }).toEqual({ code: 4, stdout: '' });
  });

  test('exits with 5 when no operator answers', async () => {
    await world.operators[0]?.stop();
    const { code, stderr } = await plugin('connect', 'bakery', '--timeout', '1s', '-n', world.namespace);
    expect(stderr).toMatch(
      /^Error: No link was made for .*\/bakery, and nothing was answered: see whether the operator runs/,
    );
    expect(code).toBe(5);
    await world.startOperator();
  });
});
