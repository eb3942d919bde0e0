import { pinOf } from '../domain/arrivals.ts';
import { doubtOf, doubtsLeft } from '../domain/attempt.ts';
import { held, recordIn } from '../domain/custody.ts';
import { wasTried } from '../domain/decide.ts';
import { type Given, presenting } from '../domain/given.ts';
import { type Grant, takenLimit } from '../domain/grant.ts';
import type { Observation } from '../domain/observation.ts';
import { takenBeside } from '../domain/set-aside.ts';
import type { DismissReason, Fact, Step } from '../domain/step.ts';
import type { Token } from '../domain/token.ts';
import { keyFrom } from '../kube/resource.ts';
import { emptyIncoming, removeIncoming } from '../secrets/incoming.ts';
import { sellerNotNamed } from '../square/verdicts.ts';
import { writeRecord } from './note-attempt.ts';
import { nowOf, type ObserveDeps, type Sight } from './observe.ts';
import { lookAgainEvery } from './observe-token-secrets.ts';
import { named } from './seller.ts';
import { notCleared, sentence } from './write-refused.ts';

/**
 * Seals what a sign-in gave, or what was set aside, as the grant of the connection: a compare-and-set on the version that
 * was observed. Until it is stored the Secret that it came in keeps it, so nothing can be lost here; the record remembers
 * it, so that its Secret, left behind or put back from a backup, never acts again.
 */
export async function receive(
  deps: ObserveDeps,
  step: Step & { kind: 'Receive' },
  sight: Sight,
  o: Observation,
): Promise<Fact> {
  const content = o.arrivals?.find(({ secret }) => secret === step.secret)?.content;
  const arrived = content !== undefined && 'grant' in content ? content.grant : undefined;
  if (arrived === undefined) return { kind: 'Stale' };
  if (arrived.merchantID === undefined && pinOf(o) !== undefined) {
    return await nameSeller(deps, step, sight, o, arrived);
  }
  const before = recordIn(o.grant);
  const { credential } = o;
  // A credential that was presented so far is older than the sign-in, which is what counts now.
  const presented = credential.kind === 'Given' ? wasPresented(o, credential) : [];
  const known = [...(before?.taken ?? []), ...presented, ...arrived.taken];
  const taken = takenBeside(o, arrived, known).slice(-takenLimit);
  const ofSame = held(o)?.merchantID === arrived.merchantID ? held(o)?.signedInAt : undefined;
  const signedInAt = step.because === 'SignedIn' ? arrived.accessToken.issuedAt : ofSame;
  const grant: Grant = {
    ...arrived,
    generation: Math.max(before?.generation ?? 0, sight.view.stored.revision) + 1,
    connectionUID: o.connection.uid,
    ...(signedInAt === undefined ? {} : { signedInAt }),
    taken,
    handled: before?.handled ?? {},
    sealedAt: deps.clock.wall(),
    ...doubtsLeft(o.attempt, taken),
  };
  const outcome = await writeRecord(deps, sight, o, grant, sight.grantSecret);
  switch (outcome.kind) {
    case 'Stored': {
      // Who else lives on what is to be ended now is looked for anew.
      if (o.connection.deleting) return { kind: 'Stale' };
      const now = { kind: 'Held', grant, keyID: deps.ring.active.id } as const;
      return { kind: 'Sealed', grant: now, how: 'TakenUp', answers: {} };
    }
    case 'Conflict':
      return { kind: 'Stale' };
    case 'NotOwned':
      return { kind: 'GrantPlaceNotOwned', retryAt: nowOf(deps, sight.environment).square + lookAgainEvery };
    case 'Failed':
      return { kind: 'Unwritten', message: sentence(outcome.message) };
  }
}

/** What the record calls the credential, if it was presented. A process that ended may have left no word of that but there. */
function wasPresented(o: Observation, given: Given): readonly string[] {
  const presents = presenting(given, o.attempt);
  return wasTried(o) || doubtOf(o.attempt, presents) !== undefined ? [presents.credential] : [];
}

/** Only a pin makes it matter at once whose a grant is; who cannot be named then is asked about again, backing off. */
async function nameSeller(
  deps: ObserveDeps,
  { secret, because }: Step & { kind: 'Receive' },
  sight: Sight,
  o: Observation,
  { accessToken }: Grant,
): Promise<Fact> {
  const ports = { clock: deps.clock, square: deps.squares[sight.environment].client };
  const unnamed: { readonly accessToken: Token; readonly merchantID?: string } = { accessToken: accessToken.value };
  const given = await named(ports, unnamed, pinOf(o));
  if (given.ok && given.value.merchantID !== undefined) {
    return { kind: 'ArrivalNamed', secret, merchantID: given.value.merchantID };
  }
  const { reason, message } = given.ok ? sellerNotNamed : given.failure;
  const what = because === 'SignedIn' ? 'A sign-in' : 'What the credential gave';
  const waits = `${what} waits until its seller is known: ${sentence(message)}`;
  return { kind: 'Hindered', hindrance: { reason, message: waits } };
}

/** Of these the record remembers nothing: the claim stays until its state has ended. */
const refused: ReadonlySet<DismissReason> = new Set<DismissReason>([
  'OtherMerchant',
  'OtherApplication',
  'Disconnected',
  'Superseded',
]);

/** Deletes the Secret of a sign-in, or what is in it, if it is still the one that was seen. */
export async function dismiss(
  deps: Pick<ObserveDeps, 'client' | 'watches' | 'incoming'>,
  { secret, because }: Step & { kind: 'Dismiss' },
  { connection, arrivals = [] }: Observation,
): Promise<Fact> {
  const { namespace } = connection;
  const { incoming } = deps.watches;
  // What a claim waits for may come still.
  const isClaim = arrivals.some((one) => one.secret === secret && one.content.kind === 'Claim');
  if (!isClaim) deps.incoming.abandon(connection, secret);
  const key = keyFrom(namespace, secret);
  const held = incoming.get(key);
  if (held === undefined) return { kind: 'Dismissed', secret };
  try {
    if (refused.has(because)) await emptyIncoming(deps.client, namespace, secret, held);
    else {
      await removeIncoming(deps.client, namespace, secret, held);
      incoming.forget(key, held.uid);
    }
  } catch (error) {
    return notCleared(error, secret);
  }
  return { kind: 'Dismissed', secret };
}
