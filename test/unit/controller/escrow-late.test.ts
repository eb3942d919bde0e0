import { beforeEach, describe, expect, it, vi } from 'vitest';
import { annotations, secretTypes } from '../../../src/api/names.ts';
import { hours, minutes, seconds } from '../../../src/clock.ts';
import { openToken, token } from '../../../src/domain/token.ts';
import type { TokenGrant } from '../../../src/square/port.ts';
import type { ModelApiServer } from './model/api-server.ts';
import { connection } from './small-world/ledger.ts';
import { scenarios, signIn } from './small-world/scenarios.ts';
import type { SmallWorld } from './small-world/small-world.ts';
import { alive, aWorld, aWorldToEnd, createObstacles, givenUp, leaderOf, readyOf, until } from './small-world/stage.ts';

/** While it is late, the watch of escrow shows nothing new. All others do. */
const escrow = vi.hoisted(() => ({ isLate: false }));
vi.mock(import('./model/watches.ts'), async (original) => {
  const real = await original();
  const createModelWatches: typeof real.createModelWatches = (api) => {
    const shown: ModelApiServer['log'] = [];
    const late: ModelApiServer['log'] = [];
    let read = 0;
    return real.createModelWatches({
      ...api,
      get log() {
        for (const entry of api.log.slice(read)) {
          const isOfEscrow = entry.event.object['type'] === secretTypes.escrow;
          (isOfEscrow ? late : shown).push(entry);
        }
        read = api.log.length;
        if (!escrow.isLate) shown.push(...late.splice(0));
        return shown;
      },
    });
  };
  return { ...real, createModelWatches };
});
beforeEach(() => {
  escrow.isLate = false;
});

function catchUp(world: SmallWorld): void {
  escrow.isLate = false;
  world.replicas.deliver();
}

const lives = ({ square }: SmallWorld, { refreshToken = token('') }: TokenGrant) =>
  square.refreshTokens.get(openToken(refreshToken))?.live;

describe('what comes into escrow while its watch is late', () => {
  it('keeps the token that it replaced from being presented again by whoever leads', async () => {
    const { obstacles, onCall } = createObstacles();
    const choices = ['A ObtainToken #1: slow'] as const;
    const world = await aWorld(scenarios.requested, { choices, replicas: ['A', 'B'], onCall });
    const spent = world.ledger.record()?.refreshToken ?? '';
    await scenarios.requested.begin(world);
    const [deposed] = world.replicas.all;
    await world.advance(seconds(17));
    expect(leaderOf(world)).not.toBe(deposed?.process);
    obstacles.writes = 'Fail';
    escrow.isLate = true;
    await until(world, () => world.ledger.escrowed().length > 0);
    deposed?.process.die();
    obstacles.writes = 'Work';
    await world.advance(minutes(10));
    const meanwhile = readyOf(world)?.reason;
    catchUp(world);
    await world.advance(minutes(10));
    expect([meanwhile, readyOf(world)?.reason]).toEqual(['Valid', 'Valid']);
    expect(world.square.refreshTokens.get(spent)?.presentedAgain).toBe(0);
    expect(world.violations).toEqual([]);
  });

  it('is taken up by a new leader before it begins', async () => {
    const { obstacles, onCall } = createObstacles();
    const world = await aWorld(scenarios.requested, { replicas: ['A', 'B'], onCall });
    const spent = world.ledger.record()?.refreshToken ?? '';
    const [former, next] = world.replicas.all;
    escrow.isLate = true;
    obstacles.writes = 'Fail once Square is asked';
    await scenarios.requested.begin(world);
    await until(world, () => world.ledger.escrowed().length > 0);
    // With its disk.
    former?.process.die();
    obstacles.writes = 'Work';
    world.replicas.handOver();
    expect(leaderOf(world)).toBe(next?.process);
    await world.settle();
    expect(world.ledger.record()?.generation).toBe(2);
    await world.advance(minutes(2));
    expect(world.square.refreshTokens.get(spent)?.presentedAgain).toBe(0);
    expect(readyOf(world)?.reason).toBe('Valid');
    expect(world.violations).toEqual([]);
  });

  it('before a deletion is ended by it', async () => {
    const world = await aWorldToEnd();
    escrow.isLate = true;
    const reply = signIn(world, { inEscrow: true });
    await world.advance(minutes(1));
    world.api.remove('squareconnections', connection);
    world.replicas.deliver();
    await world.advance(seconds(30));
    catchUp(world);
    await world.advance(hours(2));
    expect([lives(world, reply), world.ledger.arrived()]).toEqual([false, []]);
    expect(world.violations).toEqual([]);
  });

  it('before a disconnect on request is ended by it', async () => {
    const world = await aWorld(scenarios.requested);
    escrow.isLate = true;
    const reply = signIn(world, { inEscrow: true });
    await world.advance(minutes(1));
    world.api.edit('squareconnections', connection, (object) => ({
      ...object,
      metadata: { ...object.metadata, annotations: { [annotations.disconnectRequestedAt]: world.wallNow() } },
    }));
    world.replicas.deliver();
    await world.advance(seconds(30));
    const meanwhile = readyOf(world)?.reason;
    catchUp(world);
    await world.advance(minutes(2));
    expect([meanwhile, readyOf(world)?.reason]).toEqual(['Disconnected', 'Disconnected']);
    expect([lives(world, reply), alive(world)]).toEqual([false, 0]);
    expect(world.violations).toEqual([]);
  });

  it('and is shown when its connection has been deleted is stored for nobody', async () => {
    const { obstacles, onCall } = createObstacles();
    const world = await aWorldToEnd({ onCall }, scenarios.requested);
    escrow.isLate = true;
    obstacles.writes = 'Fail once Square is asked';
    await scenarios.requested.begin(world);
    await until(world, () => world.ledger.escrowed().length > 0);
    obstacles.writes = 'Work';
    await world.advance(seconds(15));
    expect([world.ledger.escrowed(), world.ledger.record()?.generation]).toEqual([[], 2]);
    world.api.remove('squareconnections', connection);
    world.replicas.deliver();
    await world.advance(seconds(15));
    expect([world.api.find('squareconnections', connection), world.ledger.record()]).toEqual([undefined, undefined]);
    catchUp(world);
    await world.advance(minutes(2));
    expect(world.ledger.record()).toBeUndefined();
    expect(world.violations).toEqual([]);
  });
});

describe('a deletion that waited for an operator for more than an hour', () => {
  it('is not given up because escrow cannot be looked into for some seconds', async () => {
    const { obstacles, onCall } = createObstacles();
    const world = await aWorldToEnd({ onCall }, scenarios.requested);
    const process = leaderOf(world);
    process.mayAct = false;
    process.controller.pause();
    world.api.remove('squareconnections', connection);
    world.replicas.deliver();
    await world.advance(hours(2));
    // Its term begins with the first look.
    obstacles.looks = 'Fail after the next';
    process.mayAct = true;
    process.controller.start();
    await world.advance(seconds(3));
    expect([obstacles.looks, readyOf(world)?.reason]).toEqual(['Fail', 'Revoking']);
    obstacles.looks = 'Work';
    await world.advance(minutes(5));
    expect([alive(world), givenUp(process)]).toEqual([0, []]);
    expect(world.violations).toEqual([]);
  });
});
