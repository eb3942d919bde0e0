import { beforeEach, describe, expect, it, vi } from 'vitest';
import { escrowSecretName, sealedSecretName, secretTypes } from '../../../src/api/names.ts';
import { hours, minutes, seconds } from '../../../src/clock.ts';
import { bindingIn } from '../../../src/secrets/bound-header.ts';
import { openGrant, sealGrant } from '../../../src/secrets/grant.ts';
import { projectGrantSecret } from '../../../src/secrets/grant-secret.ts';
import { namespace } from './model/api-server.ts';
import { connection } from './small-world/ledger.ts';
import { scenarios } from './small-world/scenarios.ts';
import type { SmallWorld } from './small-world/small-world.ts';
import { alive, aWorld, aWorldToEnd, createObstacles, givenUp, leaderOf, readyOf, until } from './small-world/stage.ts';

/** While they are slow, questions about the sealed Secret take a moment, as on a network. */
const questions = vi.hoisted(() => ({ areSlow: false }));
vi.mock(import('./model/api-server.ts'), async (original) => {
  const real = await original();
  const createModelApiServer: typeof real.createModelApiServer = (...asked) => {
    const server = real.createModelApiServer(...asked);
    const client: typeof server.client = (...edges) => {
      const made = server.client(...edges);
      const get: typeof made.get = async (resource, place, name) => {
        const turns = questions.areSlow && name === sealedSecretName(connection) ? 10 : 0;
        for (let n = 0; n < turns; n++) await new Promise((resolve) => setImmediate(resolve));
        return await made.get(resource, place, name);
      };
      return { ...made, get };
    };
    return { ...server, client };
  };
  return { ...real, createModelApiServer };
});
beforeEach(() => {
  questions.areSlow = false;
});

/** The grant that is stored lies in escrow, too, as it does where it could not be taken away. */
function leaveInEscrow({ api, ring, replicas }: SmallWorld): void {
  const { jwe = '' } = projectGrantSecret(
    api.find('secrets', sealedSecretName(connection)) ?? { metadata: { name: '' } },
  );
  const binding = bindingIn(jwe);
  const opened = openGrant(ring, binding, jwe);
  if (!opened.ok || opened.value.kind === 'Vacant') throw new Error('nothing is stored');
  const copy = sealGrant(ring, binding, opened.value, 'escrow');
  api.put('secrets', {
    metadata: { name: escrowSecretName(opened.value.connectionUID), namespace },
    type: secretTypes.escrow,
    data: { 'grant.jwe': Buffer.from(copy).toString('base64') },
  });
  replicas.deliver();
}

describe('what a deposed replica puts into escrow', () => {
  it.each([
    ['beside nothing', false],
    ['over what could not be taken away', true],
  ])('%s keeps the token that it replaced from being presented again', async (_, left) => {
    const { obstacles, onCall } = createObstacles();
    const choices = ['A ObtainToken #1: slow'] as const;
    const world = await aWorld(scenarios.requested, { choices, replicas: ['A', 'B'], onCall });
    obstacles.clearing = 'Fail';
    if (left) leaveInEscrow(world);
    const spent = world.ledger.record()?.refreshToken ?? '';
    const inEscrow = () => world.ledger.escrowed()[0]?.generation;
    const before = inEscrow();
    const [deposed] = world.replicas.all;
    await scenarios.requested.begin(world);
    await world.advance(seconds(17));
    expect(leaderOf(world)).not.toBe(deposed?.process);
    obstacles.writes = 'Fail';
    await until(world, () => inEscrow() !== before);
    // With its disk.
    deposed?.process.die();
    obstacles.writes = 'Work';
    world.replicas.deliver();
    await world.advance(minutes(30));
    expect(world.square.refreshTokens.get(spent)?.presentedAgain).toBe(0);
    expect(readyOf(world)?.reason).toBe('Valid');
    expect(world.violations).toEqual([]);
  });
});

describe('what is stored and cannot be taken out of escrow', () => {
  it('is not said to be unstored as it is looked at', async () => {
    const { obstacles, onCall } = createObstacles();
    const world = await aWorld(scenarios.requested, { onCall });
    obstacles.clearing = 'Fail';
    questions.areSlow = true;
    leaveInEscrow(world);
    await world.advance(minutes(5));
    const told = leaderOf(world).notes.filter(({ reason }) => reason.startsWith('Grant'));
    expect(told).toEqual([]);
    expect(world.violations).toEqual([]);
  });

  it('does not make a deletion of long ago be given up as it is looked at', async () => {
    let isDown = false;
    const world = await aWorldToEnd(
      {
        onCall(call) {
          if (isDown && call.to === 'square') world.square.faults.push({ on: 'revoke', fault: 'Unavailable', left: 1 });
        },
      },
      scenarios.requested,
    );
    const process = leaderOf(world);
    process.mayAct = false;
    process.controller.pause();
    world.api.remove('squareconnections', connection);
    world.replicas.deliver();
    await world.advance(hours(2));
    isDown = true;
    process.mayAct = true;
    process.controller.start();
    await world.advance(seconds(3));
    expect(world.api.find('squareconnections', connection)).toBeDefined();
    questions.areSlow = true;
    leaveInEscrow(world);
    for (let n = 0; n < 30; n++) await world.settle();
    for (let n = 0; n < 5; n++) await world.advance(seconds(1));
    questions.areSlow = false;
    isDown = false;
    await world.advance(minutes(10));
    expect([alive(world), givenUp(process)]).toEqual([0, []]);
    expect(world.violations).toEqual([]);
  });
});
