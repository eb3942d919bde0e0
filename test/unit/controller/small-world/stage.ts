import { sealedSecretName, secretTypes } from '../../../../src/api/names.ts';
import { minutes, seconds } from '../../../../src/clock.ts';
import { KubeError } from '../../../../src/kube/client.ts';
import type { ModelProcess } from '../model/process.ts';
import { connection } from './ledger.ts';
import { type Scenario, scenarios } from './scenarios.ts';
import { createSmallWorld, type SmallWorld, type SmallWorldOptions } from './small-world.ts';

/** Where all is prepared for the scenario; one replica, unless told otherwise. */
export async function aWorld(scenario: Scenario, options: Partial<SmallWorldOptions> = {}): Promise<SmallWorld> {
  const { singleUse, given } = scenario;
  const world = createSmallWorld({ choices: [], replicas: ['A'], singleUse, given, onState: () => {}, ...options });
  await scenario.prepare(world);
  world.begin();
  return world;
}

/** A deletion is to end the authorization; nobody has signed in yet, unless that is the scenario. */
export async function aWorldToEnd(
  options: Partial<SmallWorldOptions> = {},
  scenario: Scenario = { ...scenarios.imported, prepare: (one) => one.advance(minutes(1)) },
): Promise<SmallWorld> {
  const world = await aWorld(scenario, options);
  world.api.edit('squareconnections', connection, (object) => ({
    ...object,
    spec: { ...(object['spec'] as object), deletionPolicy: 'Revoke' },
  }));
  world.replicas.deliver();
  await world.advance(minutes(1));
  return world;
}

/** What the API server does not do, from one moment on until another. */
export interface Obstacles {
  /** Writes of the sealed Secret. */
  writes: 'Work' | 'Fail once Square is asked' | 'Fail';
  /** Deletes in escrow. */
  clearing: 'Work' | 'Fail';
  /** Looks into escrow. */
  looks: 'Work' | 'Fail after the next' | 'Fail';
}

export function createObstacles() {
  const obstacles: Obstacles = { writes: 'Work', clearing: 'Work', looks: 'Work' };
  const forbidden = new KubeError({ status: 403, reason: 'Forbidden', message: 'a policy', mayHaveActed: false });
  const broken = new KubeError({ status: 500, reason: 'InternalError', message: 'no', mayHaveActed: false });
  const sealed = sealedSecretName(connection);
  const onCall: SmallWorldOptions['onCall'] = (call) => {
    const { writes, clearing, looks } = obstacles;
    if (call.to === 'square' && call.operation === 'ObtainToken' && writes !== 'Work') obstacles.writes = 'Fail';
    if (call.to !== 'api') return;
    const { kind, verb, name } = call;
    if (kind === 'write' && name === sealed && writes === 'Fail') throw forbidden;
    if (verb === 'delete' && name.startsWith('escrow-') && clearing === 'Fail') throw forbidden;
    if (verb !== 'list' || name !== `type=${secretTypes.escrow}`) return;
    if (looks === 'Fail') throw broken;
    if (looks === 'Fail after the next') obstacles.looks = 'Fail';
  };
  return { obstacles, onCall };
}

/** Rejects unless it comes within a minute. */
export async function until(world: SmallWorld, isSo: () => boolean): Promise<void> {
  for (let n = 0; n < 60 && !isSo(); n++) await world.advance(seconds(1));
  if (!isSo()) throw new Error('it does not come');
}

export function leaderOf({ replicas }: SmallWorld): ModelProcess {
  const leader = replicas.leader();
  if (leader === undefined) throw new Error('nobody leads');
  return leader;
}

/** The condition Ready. */
export function readyOf(world: SmallWorld) {
  const { conditions = [] } = (world.api.find('squareconnections', connection)?.['status'] ?? {}) as {
    conditions?: { type: string; reason: string; message: string }[];
  };
  return conditions.find(({ type }) => type === 'Ready');
}

/** How many grants are alive at Square. */
export const alive = ({ square }: SmallWorld): number =>
  [...square.refreshTokens.values()].filter(({ live }) => live).length;

/** What was told of deletions that were given up. */
export const givenUp = ({ notes }: ModelProcess): string[] =>
  notes.flatMap(({ reason, note }) => (reason === 'RevokeGivenUp' ? note : []));
