import { setTimeout as pause } from 'node:timers/promises';
import { type Duration, days, hours, type Instant, parseInstant, seconds, systemClock } from '../src/clock.ts';
import type { FaultSpec, Simulator } from '../test/simulator/simulator.ts';
import { beyond, clientID, merchantID, sellers } from './names.ts';
import type { Scene } from './scene.ts';
import type { Sight } from './sight.ts';

/** One step of the story: something is done, and something is then to be seen through the Kubernetes API. */
export interface Step {
  readonly does: string;
  readonly expects: string;
  readonly act: (scene: Scene, before: Sight) => Promise<void> | void;
  /** What is seen, in words, once it is there. */
  readonly seen: (now: Sight, before: Sight) => string | undefined;
  /** What must not be seen meanwhile, in words, when it is. */
  readonly never?: (now: Sight, before: Sight) => string | undefined;
}

/** The Secret holds the newest token that Square gave, and says nothing bad of it. */
const published = ({ token, square, status }: Sight): boolean =>
  token?.accessToken !== undefined &&
  token.accessToken === square.newest &&
  token.revision === String(status.revision) &&
  token.state === undefined;

const valid = (now: Sight): boolean => now.is('Ready') === 'True/Valid' && now.is('Valid') === 'True/Accepted';

const flipped = (now: Sight): string | undefined => {
  if (now.condition('Ready')?.status !== 'True') return `Ready became ${now.is('Ready')}`;
  if (now.condition('Revoked')?.status !== 'False') return `Revoked became ${now.is('Revoked')}`;
  return undefined;
};
const asked = (now: Sight, before: Sight): string | undefined =>
  now.square.asked > before.square.asked ? 'Square was asked for a token' : undefined;
const rewritten = (now: Sight, before: Sight): string | undefined =>
  now.token?.version === before.token?.version ? undefined : 'the published Secret was changed';

const outage: FaultSpec = { endpoint: 'any', merchantID, effect: { kind: 'answer', status: 503, shape: 'HTML' } };
const noTokens: FaultSpec = { endpoint: 'token', effect: { kind: 'answer', status: 503, shape: 'HTML' } };
const refusal: FaultSpec = {
  endpoint: 'token',
  merchantID,
  effect: {
    kind: 'answer',
    status: 401,
    shape: 'V1',
    code: 'service.not_authorized',
    message: 'Invalid refresh token',
  },
};

/**
 * How long before now the story begins: two refreshes, each within 7 days, the 30 days that a token lives, and hours in
 * between. When a refresh is due hangs on the connection's UID: what is left is taken by the step that comes before the
 * last hour.
 */
export const storyTakes = days(7) + days(7) + days(30) + days(1);

/** The last time that passes: after it Square's clock shows what the machine's does. */
const lastHour = hours(1);

function moveOn({ clock }: Simulator, to: Instant): void {
  if (to < clock.now()) throw new Error("Square's clock would go back: the story takes longer than it may.");
  clock.set(to);
}

/** Moves Square's clock a little beyond a time of the status. */
function moveTo({ square }: Scene, time: string | undefined): void {
  const instant = time === undefined ? undefined : parseInstant(time);
  if (instant === undefined) throw new Error('The status does not say the time that the story goes on to.');
  moveOn(square, instant + beyond);
}

const patience = seconds(3);

/** An outage for the seller in focus alone: the others go on telling the operator what time it is at Square. */
async function failTwice(square: Simulator): Promise<void> {
  const fault = square.faults.add(outage);
  for (let hour = 0; hour < 6 && square.faults.hits(fault) < 2; hour++) {
    const hits = square.faults.hits(fault);
    square.clock.advance(hours(1));
    const deadline = performance.now() + patience;
    while (square.faults.hits(fault) === hits && performance.now() < deadline) await pause(20);
  }
}

const spanBetween = (from: string | undefined, to: string | undefined): Duration =>
  (parseInstant(to ?? '') ?? 0) - (parseInstant(from ?? '') ?? 0);

/** `6 d 3 h`. */
const inWords = (span: Duration): string =>
  `${Math.floor(span / days(1))} d ${Math.floor((span % days(1)) / hours(1))} h`;

/** The life of one connection. Each step goes on from what the one before has left. */
export const story: readonly Step[] = [
  {
    does: 'A SquareConnection is created',
    expects: 'waits, and says what is missing',
    act: (scene) => scene.createConnection(),
    seen: (now) => (now.is('Ready') === 'False/CredentialSecretNotFound' ? 'the credential is missing' : undefined),
  },
  {
    does: `${sellers} other sellers are connected`,
    expects: 'all of them Ready',
    act: (scene) => scene.connectSellers(),
    seen: ({ sellersReady }) => (sellersReady === sellers ? `${sellersReady} of ${sellers} Ready` : undefined),
  },
  {
    does: 'Its refresh token is supplied',
    expects: 'sealed, verified and published',
    act: (scene) => scene.supplyCredential(),
    seen: (now) => (valid(now) && now.sealed && published(now) ? `valid for ${now.status.merchantName}` : undefined),
  },
  {
    does: 'Its credential is deleted, 7 h pass',
    expects: 'all stays well: the grant is sealed',
    act: async (scene) => {
      await scene.deleteCredential();
      scene.square.clock.advance(hours(7));
    },
    seen: (now, before) =>
      valid(now) && now.status.lastVerifyTime !== before.status.lastVerifyTime
        ? 'verified again, still valid'
        : undefined,
    never: (now, before) => flipped(now) ?? asked(now, before) ?? rewritten(now, before),
  },
  {
    does: 'Somebody edits the published Secret',
    expects: 'healed, without a new token',
    act: (scene) => scene.editTokenSecret(),
    seen: (now, before) =>
      published(now) && now.token?.version !== before.token?.version ? 'the right token is back' : undefined,
    never: asked,
  },
  {
    does: 'Days pass, to its refresh slot',
    expects: 'a new token; the Secret follows',
    act: (scene, { status }) => moveTo(scene, status.nextRefreshTime),
    seen: (now, before) =>
      renewed(now, before)
        ? `new token after ${inWords(spanBetween(before.status.accessTokenIssuedAt, now.status.accessTokenIssuedAt))}`
        : undefined,
    never: flipped,
  },
  {
    does: 'Square has an outage, hours pass',
    expects: 'Valid is Unknown, nothing is taken away',
    act: ({ square }) => failTwice(square),
    seen: (now) => (now.is('Valid') === 'Unknown/Unverified' ? 'Valid=Unknown, still published' : undefined),
    never: (now, before) => flipped(now) ?? rewritten(now, before),
  },
  {
    does: 'The outage ends, 1 h passes',
    expects: 'valid again, without a new token',
    act: ({ square }) => {
      square.faults.clear();
      square.clock.advance(hours(1));
    },
    seen: (now) => (valid(now) ? 'Valid=True, the same token' : undefined),
    never: (now, before) => flipped(now) ?? asked(now, before) ?? rewritten(now, before),
  },
  {
    does: 'Next slot: the refresh is refused',
    expects: 'still Ready, asks for a new sign-in',
    act: (scene, { status }) => {
      scene.square.faults.add(refusal);
      moveTo(scene, status.nextRefreshTime);
    },
    seen: (now) =>
      now.is('Ready') === 'True/ReauthorizationNeeded' && now.is('Renewable') === 'False/RefreshRefused'
        ? 'Renewable=False, still Ready'
        : undefined,
    never: (now, before) => flipped(now) ?? rewritten(now, before),
  },
  {
    does: 'Square was wrong, 2 h pass',
    expects: 'asked again, and renewed',
    act: ({ square }) => {
      square.faults.clear();
      square.clock.advance(hours(2));
    },
    seen: (now, before) =>
      renewed(now, before) && now.condition('Renewable')?.status === 'True' ? 'new token, Renewable=True' : undefined,
    never: flipped,
  },
  {
    does: 'No renewals until the token ends',
    expects: 'Expired; the Secret says so',
    act: (scene, { status }) => {
      scene.square.faults.add(noTokens);
      moveTo(scene, status.accessTokenExpiresAt);
    },
    seen: (now) =>
      now.is('Ready') === 'False/Expired' &&
      now.condition('Expired')?.status === 'True' &&
      now.token?.state === 'expired'
        ? 'Expired=True, Secret says so'
        : undefined,
    never: (now) => (now.condition('Revoked')?.status === 'True' ? 'Revoked became True' : undefined),
  },
  {
    does: 'Days later Square renews again',
    expects: 'healed by itself',
    act: ({ square }) => {
      square.faults.clear();
      moveOn(square, systemClock.wall() - lastHour);
    },
    seen: (now, before) => (renewed(now, before) ? 'new token, Secret is well' : undefined),
  },
  {
    does: 'The seller disconnects, 1 h passes',
    expects: 'one refresh is tried, then Revoked',
    act: ({ square }) => {
      square.disconnect({ clientID, merchantID });
      square.clock.advance(lastHour);
    },
    seen: (now, before) =>
      now.is('Ready') === 'False/Revoked' &&
      now.condition('Revoked')?.status === 'True' &&
      now.token?.state === 'revoked' &&
      now.square.refused === before.square.refused + 1
        ? 'Revoked=True, Secret says so'
        : undefined,
    never: (now, before) =>
      now.square.asked > before.square.asked + 1 ? 'Square was asked for a token twice' : undefined,
  },
  {
    does: 'The seller signs in again',
    expects: 'valid again',
    act: (scene) => scene.supplyCredential(),
    seen: (now, before) => (renewed(now, before) ? 'new token, Valid=True' : undefined),
  },
];

function renewed(now: Sight, before: Sight): boolean {
  return valid(now) && published(now) && (now.status.revision ?? 0) > (before.status.revision ?? 0);
}
