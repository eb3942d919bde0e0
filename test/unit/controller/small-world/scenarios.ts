import { annotations } from '../../../../src/api/names.ts';
import { hours, minutes } from '../../../../src/clock.ts';
import { credential, merchantOf } from '../model/world.ts';
import { connection } from './ledger.ts';
import type { SmallWorld } from './small-world.ts';

/** What the replicas are about when things befall them. */
export interface Scenario {
  readonly name: string;
  /** Whether the connection has a credential before. */
  readonly given: boolean;
  readonly singleUse: boolean;
  readonly replicas: readonly string[];
  /** What was before. */
  prepare(world: SmallWorld): Promise<void>;
  /** What sets it going; things befall the replicas from here on. */
  begin(world: SmallWorld): Promise<void>;
}

const two = ['A', 'B'];
const alone = ['A'];

async function held(world: SmallWorld): Promise<void> {
  await world.advance(minutes(2));
}

function spec(world: SmallWorld, change: object): void {
  world.api.edit('squareconnections', connection, (object) => ({
    ...object,
    spec: { ...(object['spec'] as object), ...change },
  }));
}

async function requested(world: SmallWorld): Promise<void> {
  world.api.edit('squareconnections', connection, (object) => ({
    ...object,
    metadata: { ...object.metadata, annotations: { [annotations.refreshRequestedAt]: world.wallNow() } },
  }));
  world.replicas.deliver();
  await world.settle();
}

const takeUp = {
  given: false,
  singleUse: true,
  prepare: async (world: SmallWorld) => {
    await world.settle();
  },
  begin: async (world: SmallWorld) => {
    world.api.put('secrets', credential(`${connection}-token`, { token: world.root }));
    world.replicas.deliver();
    await world.settle();
  },
};

const dueEvery = { refreshInterval: '6h' };

const refreshDue = {
  given: true,
  singleUse: true,
  async prepare(world: SmallWorld) {
    spec(world, dueEvery);
    world.replicas.deliver();
    await held(world);
    // The slot is at 80 to 95 % of the interval.
    await world.advance(hours(4.75));
  },
  begin: (world: SmallWorld) => world.advance(hours(1)),
};

const newCredential = {
  given: true,
  singleUse: true,
  prepare: held,
  async begin(world: SmallWorld) {
    const token = world.square.newRefreshToken(merchantOf(connection), true);
    world.witness.given(token);
    world.api.put('secrets', credential(`${connection}-token`, { token }));
    world.replicas.deliver();
    await world.settle();
  },
};

const onRequest = { given: true, prepare: held, begin: requested };

const bothDue = {
  ...refreshDue,
  async begin(world: SmallWorld) {
    await newCredential.begin(world);
    await world.advance(hours(1));
  },
};

/** A credential that was never used, and a grant that is held. */
export const scenarios = {
  imported: { name: 'an imported token is taken up', replicas: two, ...takeUp },
  importedAlone: { name: 'an imported token is taken up, by one replica', replicas: alone, ...takeUp },
  beside: { name: 'another credential is given beside a held grant', replicas: two, ...newCredential },
  besideDue: { name: 'another credential is given as the held grant is due', replicas: two, ...bothDue },
  due: { name: 'a token that works once is due', replicas: two, ...refreshDue },
  dueAlone: { name: 'a token that works once is due, with one replica', replicas: alone, ...refreshDue },
  requested: {
    name: 'a refresh is requested of a token that works once',
    replicas: two,
    ...onRequest,
    singleUse: true,
  },
  multiUse: {
    name: 'a refresh is requested of a token that works again',
    replicas: two,
    ...onRequest,
    singleUse: false,
  },
} as const satisfies Record<string, Scenario>;
