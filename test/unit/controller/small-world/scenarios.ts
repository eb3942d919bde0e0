import type { ApplicationSpec } from '../../../../src/api/application.ts';
import { annotations, escrowSecretName, sealedSecretName, secretTypes } from '../../../../src/api/names.ts';
import { hours, minutes } from '../../../../src/clock.ts';
import { openToken, token } from '../../../../src/domain/token.ts';
import { incomingPlace, sealIncoming, takenOf } from '../../../../src/secrets/incoming.ts';
import { grantFrom } from '../../../../src/square/grant-from.ts';
import type { TokenGrant } from '../../../../src/square/port.ts';
import { namespace } from '../model/api-server.ts';
import type { Call } from '../model/process.ts';
import { anApplication, credential, merchantOf } from '../model/world.ts';
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
  /** What happens beside the calls of the replicas. */
  during?(world: SmallWorld, call: Call): void;
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

async function give(world: SmallWorld, merchant: string): Promise<void> {
  const token = world.square.newRefreshToken(merchant, true);
  world.witness.given(token);
  world.api.put('secrets', credential(`${connection}-token`, { token }));
  world.replicas.deliver();
  await world.settle();
}

const newCredential = {
  given: true,
  singleUse: true,
  prepare: held,
  begin: (world: SmallWorld) => give(world, merchantOf(connection)),
};

const anotherSeller = {
  ...newCredential,
  async begin(world: SmallWorld) {
    await give(world, 'M-ANOTHER');
    await world.advance(minutes(3));
    spec(world, { merchantID: 'M-ANOTHER' });
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

/** A seller signs in on another replica at the first call that is so. */
const signInAt = (moment: (call: Call) => boolean) => ({
  during(world: SmallWorld, call: Call) {
    if (!moment(call) || signedIn.has(world)) return;
    signedIn.add(world);
    signIn(world);
  },
});
const atTheNote = (call: Call): boolean =>
  call.to === 'api' && call.kind === 'write' && call.name === sealedSecretName(connection);
const atTheRequest = (call: Call): boolean => call.to === 'square' && call.operation === 'ObtainToken';
const signedIn = new WeakSet<SmallWorld>();

/** The sealed grant in its Secret, as a callback leaves it; or in escrow, as it does where that refuses it. */
export function signIn(
  { api, square, ring, witness, replicas }: SmallWorld,
  { inEscrow = false, state = 'a-state' } = {},
): TokenGrant {
  const at = api.find('squareconnections', connection)?.metadata ?? { name: connection };
  const merchant = merchantOf(connection);
  const reply = square.signIn(merchant, true);
  const { environment, clientID } = anApplication()['spec'] as Pick<ApplicationSpec, 'environment' | 'clientID'>;
  const place = incomingPlace({ namespace, name: connection, uid: at.uid ?? '' }, state);
  const grant = grantFrom({
    connectionUID: place.uid,
    application: { environment, clientID },
    requested: { scopes: [], shortLived: false },
    reply,
    issuedAt: Math.floor(square.now() / 1_000) * 1_000,
    sealedAt: square.now(),
    after: 0,
    taken: takenOf(place.secret),
  });
  witness.signedIn(openToken(reply.refreshToken ?? token('')));
  const jwe = sealIncoming(ring, { namespace, name: connection, environment, clientID }, grant);
  api.put('secrets', {
    metadata: { name: inEscrow ? escrowSecretName(place.uid, place.secret) : place.secret, namespace },
    type: inEscrow ? secretTypes.escrow : secretTypes.incomingGrant,
    data: { 'grant.jwe': Buffer.from(jwe).toString('base64') },
  });
  replicas.deliver();
  return reply;
}

/** A credential that was never used, and a grant that is held. */
export const scenarios = {
  imported: { name: 'an imported token is taken up', replicas: two, ...takeUp },
  importedAlone: { name: 'an imported token is taken up, by one replica', replicas: alone, ...takeUp },
  beside: { name: 'another credential is given beside a held grant', replicas: two, ...newCredential },
  besideDue: { name: 'another credential is given as the held grant is due', replicas: two, ...bothDue },
  besideAnother: {
    name: 'a credential of another seller is given beside a held grant, and its seller is pinned then',
    replicas: two,
    ...anotherSeller,
  },
  due: { name: 'a token that works once is due', replicas: two, ...refreshDue },
  dueAlone: { name: 'a token that works once is due, with one replica', replicas: alone, ...refreshDue },
  requested: {
    name: 'a refresh is requested of a token that works once',
    replicas: two,
    ...onRequest,
    singleUse: true,
  },
  signInBefore: {
    name: 'a seller signs in as a rotation begins',
    replicas: two,
    ...refreshDue,
    ...signInAt(atTheNote),
  },
  signInDuring: {
    name: 'a seller signs in as Square is asked',
    replicas: two,
    ...refreshDue,
    ...signInAt(atTheRequest),
  },
  signInBeside: {
    name: 'a seller signs in as a credential is taken up',
    replicas: two,
    ...takeUp,
    ...signInAt(atTheRequest),
  },
  multiUse: {
    name: 'a refresh is requested of a token that works again',
    replicas: two,
    ...onRequest,
    singleUse: false,
  },
} as const satisfies Record<string, Scenario>;
