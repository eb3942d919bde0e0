import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { minutes, seconds } from '../../../src/clock.ts';
import { loadAccess } from '../../../src/kube/access.ts';
import { certificate } from '../../support/certificate.ts';
import { createFakeClock, type FakeClock } from '../../support/clock.ts';

let dir: string;
let clock: FakeClock;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'access-'));
  clock = createFakeClock();
});

afterEach(() => rmSync(dir, { recursive: true }));

const file = (name: string, content: string) => {
  writeFileSync(join(dir, name), content);
  return join(dir, name);
};

const kubeconfig = (user: object, cluster: object = { server: 'https://10.0.0.1:6443/k8s/' }, name = 'config') =>
  file(
    name,
    JSON.stringify({
      clusters: [{ name: 'c', cluster }],
      users: [{ name: 'u', user }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u', namespace: 'shop' } }],
      'current-context': 'x',
    }),
  );

describe('a kubeconfig', () => {
  test('a context is taken in the place of the current one, and stays so when the file is read again', async () => {
    const path = file(
      'two',
      JSON.stringify({
        clusters: ['a', 'b'].map((name) => ({ name, cluster: { server: `https://${name}:6443` } })),
        users: [{ name: 'u', user: {} }],
        contexts: ['a', 'b'].map((name) => ({ name, context: { cluster: name, user: 'u', namespace: `ns-${name}` } })),
        'current-context': 'a',
      }),
    );
    const access = await loadAccess({ kubeconfig: path, context: 'b', clock });
    expect([access.server.hostname, access.namespace]).toEqual(['b', 'ns-b']);
    utimesSync(path, 1, 1);
    await clock.advance(minutes(2));
    await access.credentials();
    expect([access.server.hostname, access.namespace]).toEqual(['b', 'ns-b']);
    await expect(loadAccess({ kubeconfig: path, context: 'c', clock })).rejects.toThrow('no context "c"');
  });

  test('gives server, namespace, token and TLS options', async () => {
    const ca = file('ca.crt', certificate);
    const cluster = { server: 'https://10.0.0.1:6443', 'certificate-authority': ca, 'tls-server-name': 'api' };
    const access = await loadAccess({ kubeconfig: kubeconfig({ token: 'secret', as: 'someone' }, cluster), clock });
    expect([access.server.href, access.namespace, access.proxy]).toEqual(['https://10.0.0.1:6443/', 'shop', undefined]);
    expect(await access.credentials()).toEqual({
      headers: { authorization: 'Bearer secret', 'impersonate-user': 'someone' },
      tls: { ca: Buffer.from(certificate), servername: 'api' },
      generation: 0,
    });
  });

  test('with user name and password', async () => {
    const access = await loadAccess({ kubeconfig: kubeconfig({ username: 'a', password: 'b' }), clock });
    expect((await access.credentials()).headers).toEqual({ authorization: 'Basic YTpi' });
  });

  test('of plain http, as `kubectl proxy` serves', async () => {
    const access = await loadAccess({ kubeconfig: kubeconfig({}, { server: 'http://127.0.0.1:8001' }), clock });
    expect(access.server.href).toBe('http://127.0.0.1:8001/');
    expect((await access.credentials()).headers).toEqual({});
  });

  test('named by KUBECONFIG', async () => {
    const access = await loadAccess({ env: { KUBECONFIG: kubeconfig({ token: 'secret' }) }, clock });
    expect((await access.credentials()).headers).toEqual({ authorization: 'Bearer secret' });
  });

  test('that is written anew is read anew within a minute', async () => {
    const path = kubeconfig({ token: 'first' });
    const access = await loadAccess({ kubeconfig: path, clock });
    expect((await access.credentials()).headers).toEqual({ authorization: 'Bearer first' });
    kubeconfig({ token: 'second' });
    utimesSync(path, 1, 1);
    expect((await access.credentials()).headers).toEqual({ authorization: 'Bearer first' });
    await clock.advance(minutes(1));
    expect((await access.credentials()).headers).toEqual({ authorization: 'Bearer second' });
  });

  test('an exec plugin is asked once, and again after a refusal, but not in a rush', async () => {
    const count = file('count', '');
    const credential = `{"status":{"token":"t$(wc -c < ${count} | tr -d ' ')"}}`;
    const script = `printf x >> ${count}; echo "${credential.replaceAll('"', '\\"')}"`;
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: 'sh', args: ['-c', script] };
    const access = await loadAccess({ kubeconfig: kubeconfig({ exec }), clock });
    const token = async () => (await access.credentials()).headers['authorization'];
    expect(await Promise.all([token(), token()])).toEqual(['Bearer t1', 'Bearer t1']);
    await clock.advance(minutes(5));
    expect(await token()).toBe('Bearer t1');
    await Promise.all([access.refresh(), access.refresh()]);
    await access.refresh();
    expect(await token()).toBe('Bearer t2');
    await clock.advance(seconds(5));
    await access.refresh();
    expect(await token()).toBe('Bearer t3');
  });

  test('that names no cluster is refused', async () => {
    const path = file('empty', JSON.stringify({ 'current-context': 'gone' }));
    await expect(loadAccess({ kubeconfig: path, clock })).rejects.toThrow('The kubeconfig has no contexts');
  });

  test('of a list that is missing is left out, as kubectl does; one that is named alone is not', async () => {
    const [there, missing] = [kubeconfig({ token: 'secret' }), join(dir, 'missing')];
    const access = await loadAccess({ env: { KUBECONFIG: [missing, there].join(delimiter) }, clock });
    expect(access.namespace).toBe('shop');
    await expect(loadAccess({ env: { KUBECONFIG: missing }, clock })).rejects.toThrow(
      `The kubeconfig ${missing} cannot be read: there is no such file`,
    );
  });
});

describe('in a pod', () => {
  const account = () => {
    const at = join(dir, 'var/run/secrets/kubernetes.io/serviceaccount');
    mkdirSync(at, { recursive: true });
    writeFileSync(join(at, 'ca.crt'), certificate);
    writeFileSync(join(at, 'namespace'), 'operators');
    writeFileSync(join(at, 'token'), 'first\n');
    return at;
  };
  const env = { KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_SERVICE_PORT: '443' };
  const saved = { ...process.env };
  beforeEach(() => Object.assign(process.env, env));
  afterEach(() => {
    for (const name of Object.keys(env)) {
      if (saved[name] === undefined) delete process.env[name];
      else process.env[name] = saved[name];
    }
  });

  test('the service account is used, without the newline of its token', async () => {
    account();
    const access = await loadAccess({ clock, env, root: dir });
    expect([access.server.href, access.namespace]).toEqual(['https://10.96.0.1/', 'operators']);
    expect(await access.credentials()).toMatchObject({ headers: { authorization: 'Bearer first' }, generation: 0 });
  });

  test('a changed CA is taken up within a minute, for new connections', async () => {
    const at = account();
    const access = await loadAccess({ clock, env, root: dir });
    await access.credentials();
    writeFileSync(join(at, 'ca.crt'), 'another');
    await clock.advance(minutes(1));
    expect(await access.credentials()).toMatchObject({ tls: { ca: Buffer.from('another') }, generation: 1 });
  });

  test('a changed token is taken up at once after a refusal', async () => {
    const at = account();
    const access = await loadAccess({ clock, env, root: dir });
    await access.credentials();
    writeFileSync(join(at, 'token'), 'second');
    expect(await access.refresh()).toMatchObject({ headers: { authorization: 'Bearer second' }, generation: 0 });
  });
});
