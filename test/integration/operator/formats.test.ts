import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { KubeObject } from '../../../src/kube/resource.ts';
import { openGrant } from '../../../src/secrets/grant.ts';
import { type Api, openApi } from '../../cluster/api.ts';
import { applyCrds } from '../../cluster/crds.ts';
import type { ControlPlane } from '../../cluster/provider.ts';
import { reportTo } from '../../cluster/report.ts';
import { startControlPlane } from '../../cluster/start.ts';
import { runDir } from '../../cluster/temp-dir.ts';
import { bindingOf, clientID, farEnd, holder, namespace, operatorNamespace, written } from '../../formats/grants.ts';
import { readRelease, releasesWithSpecimens } from '../../formats/read.ts';
import { type Simulator, startSimulator } from '../../simulator/simulator.ts';
import { createWorld } from '../../simulator/world.ts';
import { createLive, type Live } from '../../support/live.ts';
import { aSecret, type StoredSecret, textsOf } from '../../support/objects.ts';
import { type RunningOperator, runOperator } from '../../support/operator.ts';
import { createScene, type Scene } from '../../support/scene.ts';

const definitions = resolve(import.meta.dirname, '../../../crds');
const plurals = { SquareApplication: 'squareapplications', SquareConnection: 'squareconnections' } as const;
const merge = 'application/merge-patch+json';

interface Contents {
  readonly grants: Readonly<
    Record<
      string,
      {
        readonly clientID: string;
        readonly merchantID?: string;
        readonly generation: number;
        readonly accessToken?: { readonly value: string };
        readonly refreshToken?: { readonly value: string; readonly singleUse: boolean };
      }
    >
  >;
  readonly escrowed: { readonly refreshToken: { readonly value: string } };
  readonly answer: { readonly access_token: string; readonly refresh_token: string };
  readonly credential: string;
}

const pathOf = (object: KubeObject): string => {
  const { namespace: place } = object.metadata;
  const kind = object['kind'] as string;
  if (kind === 'Secret') return `/api/v1/namespaces/${place}/secrets`;
  if (kind === 'ConfigMap') return `/api/v1/namespaces/${place}/configmaps`;
  return `/apis/square-operator.dev/v1alpha1/namespaces/${place}/${plurals[kind as keyof typeof plurals]}`;
};

/** What a backup of a cluster puts into another one: the API server gives new UIDs and versions. */
async function restore(api: Api, object: KubeObject): Promise<void> {
  const { uid: _, resourceVersion: __, generation: ___, creationTimestamp: ____, ...metadata } = object.metadata;
  const path = pathOf(object);
  await api.ask('POST', `${path}?fieldValidation=Strict`, { body: { ...object, metadata } });
  if (object['status'] === undefined) return;
  await api.ask('PATCH', `${path}/${metadata.name}/status?fieldValidation=Strict`, {
    body: { status: object['status'] },
    contentType: merge,
  });
}

/** Square, which knows the tokens of the specimens. */
async function squareWith(contents: Contents, stateFile: string): Promise<Simulator> {
  const world = createWorld({ stateFile });
  const scopes = ['MERCHANT_PROFILE_READ', 'ORDERS_READ'];
  const put = (merchantID: string, access: string, refresh?: string, singleUse = false) => {
    const held = { clientID, merchantID, scopes, issuedAt: written };
    world.accessTokens.put(access, {
      ...held,
      value: access,
      kind: refresh === undefined ? 'personal' : 'oauth',
      shortLived: false,
      ...(refresh !== undefined && { expiresAt: farEnd }),
    });
    if (refresh === undefined) return;
    const flow = singleUse ? 'PKCE' : 'Code';
    const row = { ...held, value: refresh, flow, accessTokenExpiresAt: farEnd } as const;
    world.refreshTokens.put(refresh, singleUse ? { ...row, expiresAt: farEnd } : row);
  };
  for (const [name, { accessToken, refreshToken }] of Object.entries(contents.grants)) {
    // What market and cafe presented last is spent: only what the journal and the escrow hold works.
    if (accessToken === undefined || name === 'market' || name === 'cafe') continue;
    put(`ML${name.toUpperCase()}`, accessToken.value, refreshToken?.value, refreshToken?.singleUse);
  }
  put('MLMARKET', contents.answer.access_token, contents.answer.refresh_token, true);
  put('MLCAFE', contents.grants['cafe']?.accessToken?.value ?? '', contents.escrowed.refreshToken.value, true);
  put('MLCORNER', 'EAAACorner', contents.credential);
  world.store.close();
  const square = await startSimulator({ stateFile });
  square.addApplication({ clientID, clientSecret: 'sq0csp-specimen' });
  for (const name of [...Object.keys(contents.grants), 'corner'])
    square.addSeller({ merchantID: `ML${name.toUpperCase()}` });
  return square;
}

describe.each(releasesWithSpecimens())('a cluster in which %s has worked', (release) => {
  const { dir: specimens, objects, text, ring } = readRelease(release);
  const contents = JSON.parse(text('contents.json')) as Contents;
  let dir: string;
  let plane: ControlPlane;
  let api: Api;
  let live: Live;
  let square: Simulator;
  let operator: RunningOperator;
  let scene: Scene;

  beforeAll(async () => {
    dir = await runDir();
    plane = await startControlPlane({ dir: join(dir, 'c'), report: reportTo(process.stderr) });
    api = await openApi(plane.kubeconfig);
    await applyCrds(api, join(specimens, 'crds'));
    for (const name of [namespace, operatorNamespace]) {
      const labels = name === namespace ? { 'example.com/shop': 'yes' } : {};
      await api.ask('POST', '/api/v1/namespaces', { body: { metadata: { name, labels } } });
    }
    square = await squareWith(contents, join(dir, 'square'));
  });
  afterAll(async () => {
    await operator?.stop();
    live?.stop();
    await Promise.all([square?.stop(), api?.close()]);
    await plane?.stop();
    await rm(dir, { recursive: true, force: true });
  });

  test('keeps every object, whose every field the definitions of that release know', async () => {
    const files = ['sealing-keys', 'sealed-grants', 'token-secrets', 'escrow', 'applications', 'connections'];
    for (const file of files) for (const object of objects(`${file}.yaml`)) await restore(api, object);
    const secrets = { 'square-app': { 'client-secret': 'sq0csp-specimen', previous: 'sq0csp-earlier' } };
    for (const [name, values] of Object.entries(secrets)) {
      const path = `/api/v1/namespaces/${namespace}/secrets`;
      await api.ask('POST', path, { body: aSecret(namespace, name, values) });
    }
  });

  test('takes the definitions of this version, and every stored object is valid and whole under them', async () => {
    await applyCrds(api, definitions);
    for (const file of ['applications.yaml', 'connections.yaml']) {
      for (const object of objects(file)) {
        const path = `${pathOf(object)}/${object.metadata.name}`;
        const stored = await api.ask<KubeObject>('GET', path);
        expect(stored).toMatchObject({ spec: object['spec'], status: object['status'] as object });
        // Written whole, nothing of it is refused.
        await api.ask('PUT', `${path}?fieldValidation=Strict&dryRun=All`, { body: stored });
        await api.ask('PUT', `${path}/status?fieldValidation=Strict&dryRun=All`, { body: stored });
      }
    }
  });

  test('is carried on by this version: each grant is read, proven and renewed, from wherever it lies', async () => {
    const journal = join(dir, 'journal');
    await cp(join(specimens, 'journal'), journal, { recursive: true });
    // The volume of this very machine, which was started anew since.
    const owner = join(journal, holder, 'owner.json');
    await writeFile(
      owner,
      JSON.stringify({ ...JSON.parse(await readFile(owner, 'utf8')), pod: undefined, host: hostname() }),
    );
    operator = await runOperator([
      `--kubeconfig=${plane.kubeconfig}`,
      `--operator-namespace=${operatorNamespace}`,
      `--square-production-url=${square.url}`,
      `--journal-dir=${journal}`,
    ]);
    live = await createLive(plane.kubeconfig, api, () => operator.log.slice(-20).join(''));
    await Promise.all([namespace, operatorNamespace].map((name) => live.follow(name)));
    scene = createScene({ api, live, square, namespace, operators: [operator] });
    // The answer in the journal became a grant of the connection that asked for it, which had another UID in its own cluster.
    await scene.becomes('market', { Ready: 'False/RetainedGrantFound' });
    await scene.request('market', 'adopt');
    for (const name of ['bakery', 'kiosk', 'market', 'stall', 'cafe', 'corner']) {
      await scene.becomes(name, { Ready: 'True', Valid: 'True', Published: 'True', Revoked: 'False' });
    }
    await scene.becomes('diner', { Ready: 'False/Disconnected' });
    await scene.becomes('pantry', { Ready: 'False/AwaitingAuthorization' });
  });

  test('no single-use token was presented twice, and none that was spent', () => {
    expect(square.ledger.spentAgain()).toEqual([]);
    const presented = square.ledger.tokenRequests({}).map((one) => one.presented);
    expect(presented).not.toContain(contents.grants['market']?.refreshToken?.value);
    expect(presented).not.toContain(contents.grants['cafe']?.refreshToken?.value);
    expect(new Set(presented).size).toBe(presented.length);
  });

  test('what this version writes takes the place of what that one wrote, generation after generation', () => {
    for (const [name, before] of Object.entries(contents.grants)) {
      const secret = live.get('secrets', namespace, `${name}-sealed`) as StoredSecret;
      const opened = openGrant(ring(), bindingOf(name, before.clientID), textsOf(secret)['grant.jwe'] ?? '');
      expect(opened.ok && opened.value.generation, name).toBeGreaterThanOrEqual(before.generation);
    }
    expect(live.all('secrets', operatorNamespace).filter(({ type }) => type === 'square-operator.dev/escrow')).toEqual(
      [],
    );
  });
});
