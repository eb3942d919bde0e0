import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { days, hours } from '../../../src/clock.ts';
import { customization, customizations, inGitOps, lua } from '../../support/gitops.ts';
import { judge } from '../../support/judge.ts';
import { aConnection } from '../../support/objects.ts';
import type { Looks } from '../../support/scene.ts';
import { refused, unauthorized } from '../../support/square-answers.ts';
import { operatorSuite } from '../../support/suite.ts';

const dropped = { kind: 'drop', when: 'before' } as const;
const unavailable = { kind: 'answer', status: 503 } as const;

const actions = parse(customization('actions', 'SquareConnection')) as {
  readonly 'discovery.lua': string;
  readonly definitions: readonly { readonly name: string; readonly 'action.lua': string }[];
};

operatorSuite('a connection in GitOps', { namespaces: { platform: {} } }, (world, scene) => {
  const { step, program, situations, expectProgress } = inGitOps('SquareConnection');
  const situation = situations<Looks>((name, looks) => scene.becomes(name, looks));

  situation(
    'waiting for its seller',
    ['InProgress', 'Suspended'],
    { Ready: 'False/AwaitingAuthorization' },
    async () => {
      await scene.application('waiting-app');
      const spec = { applicationRef: { name: 'waiting-app' } };
      await scene.create('connections', aConnection(world.namespace, 'waiting', spec));
      return ['waiting'];
    },
  );
  situation('healthy', ['Current', 'Healthy'], { Ready: 'True/Valid' }, async () => [(await scene.connected()).name]);
  situation(
    'healthy with a refused refresh',
    ['Current', 'Healthy'],
    { Ready: 'True/ReauthorizationNeeded', Renewable: 'False/RefreshRefused' },
    async () => {
      const party = await scene.connected();
      const end = scene.strike(party, { endpoint: 'token', effect: refused });
      await scene.pass(days(7));
      return [party.name, end];
    },
  );
  situation(
    'out of reach of Square, its token in date,',
    ['Current', 'Healthy'],
    { Ready: 'True/Unverified', Valid: 'Unknown' },
    async () => {
      const party = await scene.connected();
      const end = scene.strike(party, { endpoint: 'any', effect: dropped });
      await scene.pass(hours(1));
      await scene.pass(hours(1));
      return [party.name, end];
    },
  );
  situation(
    'expired with a refresh under way',
    ['InProgress', 'Progressing'],
    { Ready: 'False/Expired', Reconciling: 'True' },
    async () => {
      const party = await scene.connected();
      const end = scene.strike(party, { endpoint: 'token', effect: unavailable });
      await scene.pass(days(31));
      return [party.name, end];
    },
  );
  situation(
    'expired and not renewable',
    ['Failed', 'Degraded'],
    { Ready: 'False/Expired', Stalled: 'True' },
    async () => {
      const party = await scene.connected();
      const end = scene.strike(party, { endpoint: 'token', effect: refused });
      await scene.pass(days(7));
      await scene.becomes(party.name, { Ready: 'True/ReauthorizationNeeded' });
      await scene.pass(days(25));
      return [party.name, end];
    },
  );
  situation('revoked', ['Failed', 'Degraded'], { Ready: 'False/Revoked', Revoked: 'True' }, async () => {
    const party = await scene.connected();
    world.square.disconnect(party);
    await scene.pass(hours(1));
    return [party.name];
  });
  situation('rejected', ['Failed', 'Degraded'], { Ready: 'False/TokenRejected' }, async () => {
    const party = await scene.connected();
    scene.strike(party, { endpoint: 'locations', effect: unauthorized });
    const end = scene.strike(party, { endpoint: 'token', effect: refused });
    await scene.pass(hours(1));
    return [party.name, end];
  });
  situation('suspended', ['InProgress', 'Suspended'], { Ready: 'False/Suspended' }, async () => {
    const party = await scene.connected();
    await scene.edit('connections', party.name, { spec: { suspend: true } });
    return [party.name];
  });
  situation('disconnected on request', ['InProgress', 'Suspended'], { Ready: 'False/Disconnected' }, async () => {
    const party = await scene.connected();
    await scene.request(party.name, 'disconnect');
    return [party.name];
  });
  situation(
    'without its application',
    ['InProgress', 'Progressing'],
    { Ready: 'False/ApplicationNotFound' },
    async () => {
      const spec = { applicationRef: { name: 'nowhere' } };
      await scene.create('connections', aConnection(world.namespace, 'lost', spec));
      return ['lost'];
    },
  );
  situation(
    'not allowed by its application',
    ['Failed', 'Degraded'],
    { Ready: 'False/NotAllowedByApplication' },
    async () => {
      const app = await scene.application('private', {}, world.others['platform']);
      return [(await scene.connect({ app })).name];
    },
  );
  situation('refused with its credential', ['Failed', 'Degraded'], { Ready: 'False/CredentialRefused' }, async () => {
    const merchantID = world.square.addSeller({ businessName: 'Refused' }).merchantID;
    const end = scene.strike({ merchantID }, { endpoint: 'token', effect: refused });
    return [(await scene.connect({ merchantID })).name, end];
  });
  situation('left with a retained grant', ['Failed', 'Degraded'], { Ready: 'False/RetainedGrantFound' }, async () => {
    const party = await scene.connected();
    await scene.remove('connections', party.name);
    const spec = { applicationRef: { name: 'app' } };
    await scene.create('connections', aConnection(world.namespace, party.name, spec));
    return [party.name];
  });

  step('one that was just created or changed is in progress until the operator has looked at it', async () => {
    const { name } = await scene.connected();
    const [created] = world.live.versions('connections', world.namespace, name);
    const settled = scene.connection(name);
    expect(created?.metadata.resourceVersion).not.toBe(settled.metadata.resourceVersion);
    expectProgress(created, settled);
  });

  step('at no time was one Degraded that kstatus does not call Failed, or Healthy that is not Current', async () => {
    const versions = world.live.versions('connections', world.namespace);
    expect(versions.length).toBeGreaterThan(50);
    const script = customization('health', 'SquareConnection');
    const fluxes = judge(
      program(),
      versions.map((object) => ({ ask: 'kstatus', object })),
    );
    const argos = judge(
      program(),
      versions.map((object) => ({ ask: 'lua', script, object })),
    );
    const pairs = argos.map(({ result }, i) => `${fluxes[i]?.status} ${(result as { status: string }).status}`);
    const allowed = [
      'Current Healthy',
      'Failed Degraded',
      'InProgress Progressing',
      'InProgress Suspended',
      'Terminating Progressing',
    ];
    expect([...new Set(pairs)].filter((pair) => !allowed.includes(pair))).toEqual([]);
  });

  const offered = (name: string) =>
    Object.entries(
      lua(program(), actions['discovery.lua'], scene.connection(name)).result as Record<string, { disabled: boolean }>,
    )
      .flatMap(([action, { disabled }]) => (disabled ? [] : [action]))
      .sort();
  /** As Argo CD does it: the object that the script gives is written. */
  async function act(name: string, action: string): Promise<void> {
    const script = actions.definitions.find((one) => one.name === action)?.['action.lua'] ?? '';
    const { metadata, spec } = lua(program(), script, scene.connection(name)).result as {
      metadata: { annotations?: object };
      spec: { suspend?: boolean };
    };
    const patch = { metadata: { annotations: metadata.annotations ?? {} }, spec: { suspend: spec.suspend ?? null } };
    await scene.edit('connections', name, patch);
  }

  step('actions of Argo CD are offered where they make sense, and the operator carries them out', async () => {
    const party = await scene.connected({ name: 'acted-on' });
    const settled = () => scene.becomes('acted-on', { Ready: 'True/Valid' });
    expect(offered('acted-on')).toEqual(['connect', 'disconnect', 'refresh', 'suspend']);
    await act('acted-on', 'refresh');
    await world.live.until('it is renewed', () => scene.status('acted-on').revision === 2);
    await settled();
    await act('acted-on', 'suspend');
    await scene.becomes('acted-on', { Ready: 'False/Suspended' });
    expect(offered('acted-on')).toEqual(['resume']);
    await act('acted-on', 'resume');
    await settled();
    await scene.remove('connections', 'acted-on');
    await scene.create('connections', aConnection(world.namespace, 'acted-on', { applicationRef: { name: 'app' } }));
    await scene.becomes('acted-on', { Ready: 'False/RetainedGrantFound' });
    expect(offered('acted-on')).toContain('adopt');
    await act('acted-on', 'adopt');
    await settled();
    await act('acted-on', 'disconnect');
    await scene.becomes('acted-on', { Ready: 'False/Disconnected' });
    expect(scene.revocations(party)).toHaveLength(1);
  });

  test('every script is in the ConfigMap', () => {
    expect(actions.definitions.map(({ name }) => name)).toEqual([
      'refresh',
      'connect',
      'disconnect',
      'adopt',
      'suspend',
      'resume',
    ]);
    expect(Object.values(customizations).every((script) => script.length > 100)).toBe(true);
  });
});
