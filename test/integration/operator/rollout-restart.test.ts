import { expect, test } from 'vitest';
import { minutes } from '../../../src/clock.ts';
import { operatorSuite } from '../../support/suite.ts';
import type { World } from '../../support/world.ts';

const plurals = { Deployment: 'deployments', StatefulSet: 'statefulsets', DaemonSet: 'daemonsets' } as const;
type Kind = keyof typeof plurals;

interface Workload {
  readonly metadata: { readonly generation: number };
  readonly spec: { readonly template: { readonly metadata: { readonly annotations?: Record<string, string> } } };
}

/** Workloads of a world: their objects only, since no one runs pods here. */
function workloads(world: World) {
  const collection = (kind: Kind) => `/apis/apps/v1/namespaces/${world.namespace}/${plurals[kind]}`;
  return {
    async create(kind: Kind, name: string, annotations: object = { 'square-operator.dev/allow-restart': 'true' }) {
      const labels = { app: name };
      const containers = [{ name: 'main', image: 'example.com/main:1' }];
      const spec = { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers } } };
      const body = { kind, apiVersion: 'apps/v1', metadata: { name, annotations }, spec };
      await world.api.ask('POST', collection(kind), { body });
    },
    get: (kind: Kind, name: string) => world.api.ask<Workload>('GET', `${collection(kind)}/${name}`),
    /** What the operator asked of the API server about workloads. */
    asked: (method: string) =>
      (world.gateway?.requests() ?? []).filter((one) => one.method === method && one.path.includes('/apis/apps/'))
        .length,
  };
}

const mark = (connection: string) => `restarted-for.square-operator.dev/${connection}`;
const flags = ['--enable-rollout-restart'];
const roles = ['rollout-restart/rbac.yaml'];

operatorSuite('workloads that are restarted', { gateway: true, flags, roles }, (world, scene) => {
  const own = () => workloads(world);
  const marked = async (kind: Kind, name: string, connection: string) =>
    (await own().get(kind, name)).spec.template.metadata.annotations?.[mark(connection)];
  /** Renews the token and lets the time pass in which workloads are restarted. */
  async function renew(name: string) {
    const before = scene.status(name).revision ?? 0;
    await scene.request(name, 'refresh');
    await world.live.until('it is renewed', () => scene.status(name).revision === before + 1);
    await scene.becomes(name, { Ready: 'True/Valid' });
    await scene.pass(minutes(11));
  }

  const kinds = ['Deployment', 'StatefulSet', 'DaemonSet'] as const;
  const rolloutRestartTargets = kinds.map((kind) => ({ kind, name: 'till' }));

  test('are restarted once when the token changes, and not for the first token', async () => {
    for (const kind of kinds) await own().create(kind, 'till');
    const party = await scene.connected({ name: 'bakery', spec: { rolloutRestartTargets } });
    await scene.pass(minutes(11));
    for (const kind of kinds) expect(await marked(kind, 'till', party.name)).toBeUndefined();
    await renew(party.name);
    const issued = scene.status(party.name).accessTokenIssuedAt;
    for (const kind of kinds) {
      const { metadata, spec } = await own().get(kind, 'till');
      expect(metadata.generation).toBe(2);
      expect(spec.template.metadata.annotations).toEqual({ [mark(party.name)]: issued });
    }
    expect(own().asked('PATCH')).toBe(3);
    expect(await scene.event(party.name, 'RolloutRestarted')).toMatchObject({ type: 'Normal' });
  });

  test('are left alone by whatever is no change of the token', async () => {
    const before = own().asked('PATCH');
    await scene.edit('secrets', 'bakery', { stringData: { 'access-token': 'something else' } });
    await world.live.until('it is healed', () => scene.values('bakery')['access-token'] !== 'something else');
    const labelled = { secret: { labels: { 'example.com/team': 'x' }, template: { env: 'T={{accessToken}}' } } };
    await scene.edit('connections', 'bakery', { spec: labelled });
    await world.live.until('it is published', () => scene.values('bakery')['env'] !== undefined);
    await scene.pass(minutes(11));
    expect(own().asked('PATCH')).toBe(before);
  });

  test('are left alone by an operator that starts, which asks them what was done', async () => {
    const [patches, gets] = [own().asked('PATCH'), own().asked('GET')];
    await world.operators.at(-1)?.stop();
    await world.startOperator();
    await scene.pass(minutes(11));
    expect(own().asked('PATCH')).toBe(patches);
    expect(own().asked('GET')).toBe(gets + 3);
    await renew('bakery');
    for (const kind of kinds) expect((await own().get(kind, 'till')).metadata.generation).toBe(3);
  });

  test('are restarted for each of several connections at another moment, which the clock alone tells', async () => {
    await own().create('Deployment', 'shared');
    const spec = { rolloutRestartTargets: [{ kind: 'Deployment', name: 'shared' }] };
    const names = ['one', 'two', 'three', 'four', 'five', 'six'];
    for (const name of names) await scene.connected({ name, spec });
    for (const name of names) {
      await scene.request(name, 'refresh');
      await world.live.until('it is renewed', () => scene.status(name).revision === 2);
      await scene.becomes(name, { Ready: 'True/Valid' });
    }
    const generations: number[] = [];
    for (let minute = 0; minute < 11; minute += 1) {
      await scene.pass(minutes(1));
      generations.push((await own().get('Deployment', 'shared')).metadata.generation);
    }
    expect(generations.at(-1)).toBe(1 + names.length);
    // The moments are those of the UIDs, so how many fall into one minute is chance; that all fall into the first is next to none.
    expect(new Set(generations).size).toBeGreaterThan(1);
  }, 60_000);

  test.each([
    ['reluctant', {}, /lacks the annotation square-operator\.dev\/allow-restart: "true"/],
    ['refusing', { 'square-operator.dev/allow-restart': 'false' }, /lacks the annotation/],
    ['absent', undefined, /does not exist/],
  ])('without consent of their own are not: %s', async (name, annotations, why) => {
    if (annotations !== undefined) await own().create('Deployment', name, annotations);
    const patches = own().asked('PATCH');
    const spec = { rolloutRestartTargets: [{ kind: 'Deployment', name }] };
    const party = await scene.connected({ name: `of-${name}`, spec });
    await renew(party.name);
    const { type, note } = await scene.event(party.name, 'RolloutNotRestarted');
    expect(type).toBe('Warning');
    expect(note).toMatch(why);
    expect(note).toContain(`Deployment ${name}`);
    expect(own().asked('PATCH')).toBe(patches);
    await scene.becomes(party.name, { Ready: 'True/Valid' });
  });
});

operatorSuite('workloads of an operator that may not restart any', { flags }, (world, scene) => {
  test('are not restarted, and the event names the role that is missing', async () => {
    await workloads(world).create('Deployment', 'till');
    const party = await scene.connected({ spec: { rolloutRestartTargets: [{ kind: 'Deployment', name: 'till' }] } });
    await scene.request(party.name, 'refresh');
    await world.live.until('it is renewed', () => scene.status(party.name).revision === 2);
    await scene.becomes(party.name, { Ready: 'True/Valid' });
    await scene.pass(minutes(11));
    const { note } = await scene.event(party.name, 'RolloutNotRestarted');
    expect(note).toContain('rolloutRestart.enabled');
    await scene.becomes(party.name, { Ready: 'True/Valid', Published: 'True' });
  });
});

operatorSuite('workloads of an operator that was not told to restart any', { gateway: true }, (world, scene) => {
  test('are not asked about, and the event says so', async () => {
    await workloads(world).create('Deployment', 'till');
    const party = await scene.connected({ spec: { rolloutRestartTargets: [{ kind: 'Deployment', name: 'till' }] } });
    await scene.request(party.name, 'refresh');
    await world.live.until('it is renewed', () => scene.status(party.name).revision === 2);
    await scene.becomes(party.name, { Ready: 'True/Valid' });
    await scene.pass(minutes(11));
    expect((await scene.event(party.name, 'RolloutNotRestarted')).note).toContain('--enable-rollout-restart');
    expect(workloads(world).asked('GET')).toBe(0);
  });
});
