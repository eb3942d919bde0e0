import { describe, expect, it } from 'vitest';
import { apiVersion, secretTypes } from '../../../src/api/names.ts';
import { hours, minutes, seconds } from '../../../src/clock.ts';
import { openToken, token } from '../../../src/domain/token.ts';
import { KubeError } from '../../../src/kube/client.ts';
import type { KubeObject } from '../../../src/kube/resource.ts';
import { incomingPlace } from '../../../src/secrets/incoming.ts';
import { namespace } from './model/api-server.ts';
import { aConnectionObject, credential } from './model/world.ts';
import { connection } from './small-world/ledger.ts';
import { scenarios, signIn } from './small-world/scenarios.ts';
import { aWorld, aWorldToEnd, createObstacles, readyOf } from './small-world/stage.ts';

describe('what another replica left in escrow', () => {
  it('is taken up at once by whoever leads', async () => {
    const world = await aWorld(scenarios.requested);
    expect(world.ledger.record()?.generation).toBe(1);
    signIn(world, { inEscrow: true });
    await world.advance(seconds(5));
    expect(world.ledger.record()?.generation).toBe(2);
    expect(world.ledger.arrived()).toEqual([]);
    expect(world.violations).toEqual([]);
  });

  it('does not take the place of a later sign-in', async () => {
    const world = await aWorld(scenarios.requested);
    signIn(world, { inEscrow: true });
    await world.advance(minutes(5));
    const reply = signIn(world, { state: 'another-state' });
    await world.advance(minutes(2));
    const later = openToken(reply.refreshToken ?? token(''));
    expect(world.ledger.record()?.refreshToken).toBe(later);
    await world.advance(hours(1.1));
    expect(world.ledger.record()?.refreshToken).toBe(later);
    expect(world.ledger.arrived()).toEqual([]);
  });

  it.each([[false], [true]])('is ended by a deletion that ends the authorization: in escrow %s', async (inEscrow) => {
    const world = await aWorldToEnd();
    const before = new Set(world.square.refreshTokens.keys());
    signIn(world, { inEscrow });
    world.api.remove('squareconnections', connection);
    world.replicas.deliver();
    await world.advance(hours(2));
    const given = [...world.square.refreshTokens.entries()].filter(([one]) => !before.has(one));
    expect(given.map(([, { live }]) => live)).toEqual([false]);
    expect(world.api.find('squareconnections', connection)).toBeUndefined();
    expect(world.ledger.arrived()).toEqual([]);
  });
});

describe('a sign-in that is under way as its connection is deleted', () => {
  it.each([[5], [40]])('and comes into escrow %i s after is ended', async (after) => {
    const world = await aWorldToEnd();
    const { uid = '' } = world.api.find('squareconnections', connection)?.metadata ?? {};
    const { secret: name } = incomingPlace({ namespace, name: connection, uid }, 'a-state');
    const ownerReferences = [{ apiVersion, kind: 'SquareConnection', name: connection, uid }];
    world.api.put('secrets', { metadata: { name, namespace, ownerReferences }, type: secretTypes.incomingGrant });
    world.replicas.deliver();
    world.api.remove('squareconnections', connection);
    world.replicas.deliver();
    await world.advance(seconds(after));
    const { refreshToken = token('') } = signIn(world, { inEscrow: true });
    await world.advance(hours(2));
    expect(world.square.refreshTokens.get(openToken(refreshToken))?.live).toBe(false);
    expect(world.api.find('squareconnections', connection)).toBeUndefined();
  });
});

describe('escrow that cannot be looked into', () => {
  it('is waited for by a deletion that ends the authorization, which says so, and ends what is seen then', async () => {
    const { obstacles, onCall } = createObstacles();
    const world = await aWorldToEnd({ onCall });
    obstacles.looks = 'Fail';
    world.api.remove('squareconnections', connection);
    world.replicas.deliver();
    await world.advance(minutes(10));
    expect(readyOf(world)).toMatchObject({
      reason: 'Revoking',
      message: expect.stringMatching(/the API server has not listed the Secrets of type square-operator.dev.escrow/),
    });
    const { refreshToken = token('') } = signIn(world, { inEscrow: true });
    obstacles.looks = 'Work';
    await world.advance(minutes(1));
    expect(world.square.refreshTokens.get(openToken(refreshToken))?.live).toBe(false);
    expect(world.api.find('squareconnections', connection)).toBeUndefined();
  });

  it('is given up an hour later, with a word of what may go on', async () => {
    const { obstacles, onCall } = createObstacles();
    const world = await aWorldToEnd({ onCall });
    obstacles.looks = 'Fail';
    world.api.remove('squareconnections', connection);
    world.replicas.deliver();
    await world.advance(minutes(50));
    expect(readyOf(world)?.reason).toBe('Revoking');
    await world.advance(minutes(20));
    expect(world.api.find('squareconnections', connection)).toBeUndefined();
    expect(world.replicas.all[0]?.process.notes.map(({ reason, note }) => `${reason}: ${note}`)).toContainEqual(
      expect.stringMatching(/^RevokeGivenUp: .*could not be looked for within an hour/),
    );
  });

  it('holds up no other connection, although as many are being deleted as there are workers, and no stop', async () => {
    const { obstacles, onCall } = createObstacles();
    const world = await aWorld(scenarios.requested, { onCall });
    const named = (name: string) => ({ ...aConnectionObject('bakery'), metadata: { name, namespace } });
    for (const n of [1, 2, 3, 4]) {
      const { spec, ...rest } = named(`gone-${n}`) as KubeObject & { spec: object };
      world.api.put('squareconnections', { ...rest, spec: { ...spec, deletionPolicy: 'Revoke' } });
    }
    world.replicas.deliver();
    await world.advance(minutes(1));
    obstacles.looks = 'Fail';
    for (const n of [1, 2, 3, 4]) world.api.remove('squareconnections', `gone-${n}`);
    world.api.put('squareconnections', named('healthy'));
    world.replicas.deliver();
    await world.advance(seconds(10));
    expect(world.api.find('squareconnections', 'healthy')?.['status']).toBeDefined();
    await world.replicas.all[0]?.process.controller.drain();
    expect(world.replicas.all[0]?.process.busy()).toBe(false);
  });
});

describe('what another replica set aside, and could only put into escrow', () => {
  it('is found before the credential that gave it would be presented once more', async () => {
    const world = await aWorld(scenarios.besideAnother, {
      choices: ['A ObtainToken #1: slow'],
      replicas: ['A', 'B'],
      onCall(call) {
        // A quota is used up: what is there may be changed, nothing new may be made.
        const isNew = call.to === 'api' && call.verb === 'create' && call.plural === 'secrets';
        if (isNew && !call.name.startsWith('escrow-')) {
          throw new KubeError({ status: 403, reason: 'Forbidden', message: 'exceeded quota', mayHaveActed: false });
        }
      },
    });
    const presented = world.square.newRefreshToken('M-ANOTHER', true);
    world.witness.given(presented);
    world.api.put('secrets', credential(`${connection}-token`, { token: presented }));
    world.replicas.deliver();
    await world.settle();
    await world.advance(minutes(5));
    const status = world.api.find('squareconnections', connection)?.['status'] as { lastFailure?: { message: string } };
    expect(status.lastFailure?.message).toMatch(/is kept, sealed.*exceeded quota/);
    await world.advance(hours(26));
    expect(world.square.refreshTokens.get(presented)?.presentedAgain).toBe(0);
    expect(world.violations).toEqual([]);
  });
});
