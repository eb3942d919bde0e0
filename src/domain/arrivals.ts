import { formatInstant, type Instant } from '../clock.ts';
import { type AttemptState, attemptEnds, isSpent } from './attempt.ts';
import { isLeftIn, isTakenIn, recordIn } from './custody.ts';
import type { Grant } from './grant.ts';
import type { Arrival, Now, Observation } from './observation.ts';
import { isRefusal } from './pace.ts';
import { setAsideOf } from './set-aside.ts';
import type { DismissReason, ReceiveReason, Step } from './step.ts';

/**
 * Deletes the Secret of a sign-in that is taken up, or never will be. The link that the seller came by goes first: as long as
 * the Secret is there, it says that the link is used.
 */
export function dismiss(o: Observation, now: Now): Step | undefined {
  for (const arrival of o.arrivals ?? []) {
    const why = dismissal(o, arrival, now);
    if (why === undefined) continue;
    if (why.because === 'Taken' && arrival.content.kind === 'Grant' && o.link !== undefined)
      return { kind: 'EndLink', because: 'Connected' };
    return { kind: 'Dismiss', secret: arrival.secret, ...why };
  }
  return undefined;
}

/**
 * Takes up what a seller's sign-in gave: the grant that is held is replaced by one write, which fails when somebody stored
 * another one meanwhile. An attempt that may be under way in another process is waited for, so that its answer is not
 * written over: both grants are stored, the later sign-in last.
 */
export function receive(o: Observation, now: Now): Step | undefined {
  const arrival = receivable(o, now);
  if (arrival === undefined || (attemptEnds(o.attempt) > now.square && !answers(arrival, o.attempt))) return undefined;
  const because = arrival.content.kind === 'Grant' ? 'SignedIn' : 'MerchantMatches';
  return { kind: 'Receive', secret: arrival.secret, because };
}

/** Whether it is what the attempt gave, so that nothing is under way any more. */
const answers = ({ content }: Arrival, attempt: AttemptState): boolean => {
  const presents = attempt.kind === 'None' ? undefined : attempt.attempt.presents;
  const grant = 'grant' in content ? content.grant : undefined;
  return typeof presents === 'object' && grant?.taken.includes(presents.credential) === true;
};

/** The first sign-in that could be taken up. One that is to be dismissed is none, although its Secret may be there still. */
export function receivable(o: Observation, now: Now): Arrival | undefined {
  const { grant, application, unsettled } = o;
  if (application.kind !== 'Found' || unsettled !== undefined) return undefined;
  const arrivals = (o.arrivals ?? []).filter(
    (arrival) => mayTakeUp(o, arrival, now) && dismissal(o, arrival, now) === undefined,
  );
  switch (grant.kind) {
    case 'Absent':
    case 'Vacant':
      return arrivals[0];
    case 'Held':
    // The same seller, as `dismissal` saw to: a sign-in is a clearer sign than any.
    case 'Retained':
    case 'Outdated':
      // One that may be too old comes before nothing that is held.
      return arrivals.find(({ until }) => until > now.square);
    case 'NotOwned':
    case 'Closed':
    case 'Unreadable':
    case 'OfAnotherApplication':
      return undefined;
  }
}

/**
 * A sign-in that nobody has taken up, and that a deletion which ends the authorization has to end, too, however long ago it
 * was. One that cannot be looked into may be such.
 */
export function arrivalToEnd(o: Judged & Pick<Observation, 'arrivals'>, now: Now): Arrival | undefined {
  return o.arrivals?.find(({ content }) =>
    content.kind === 'Grant' ? grantDismissal(o, content.grant, now) === undefined : content.kind === 'Unreadable',
  );
}

/** Deletes the Secret of a sign-in that the record speaks of, before the record goes: without it that would be news. */
export function dismissBeforeDiscard(o: Observation, now: Now): Step | undefined {
  for (const { secret, content } of o.arrivals ?? []) {
    const why = content.kind === 'Grant' ? grantDismissal(o, content.grant, now) : undefined;
    if (why !== undefined) return { kind: 'Dismiss', secret, ...why };
  }
  return undefined;
}

/** Until when a code may be under way to Square that was claimed before: what it gives belongs to the connection, too. */
export const claimsEnd = ({ arrivals = [] }: Observation): Instant =>
  Math.max(0, ...arrivals.map(({ content }) => (content.kind === 'Claim' ? content.underWayUntil : 0)));

/** When something is to be done about a sign-in that nothing can be done about now. */
export function arrivalInstants(o: Observation, now: Now): Instant[] {
  const ends = (o.arrivals ?? []).map(({ until }) => until);
  if (receivable(o, now) !== undefined) ends.push(attemptEnds(o.attempt));
  return ends.filter((end) => end > now.square && Number.isFinite(end));
}

/** What a sign-in is judged by. */
type Judged = Pick<Observation, 'connection' | 'grant' | 'history' | 'attempt'>;

interface Dismissal {
  readonly because: DismissReason;
  readonly message: string;
}

function dismissal(o: Observation, { content, until, secret }: Arrival, now: Now): Dismissal | undefined {
  if (content.kind === 'Grant') {
    const why = grantDismissal(o, content.grant, now);
    if (why !== undefined) return why;
  }
  const aside = content.kind === 'SetAside' ? content.grant : undefined;
  if (aside !== undefined) {
    const why = setAsideDismissal(o, aside);
    if (why !== undefined) return why;
  }
  if (content.kind === 'OfAnotherApplication') {
    const message =
      'The seller signed in for another application than spec.applicationRef names now. Have them sign in again.';
    return { because: 'OtherApplication', message };
  }
  // By a clock that nobody has borne out nothing is given up: it may be ahead by days.
  if (until > now.square || !now.confirmed) return undefined;
  if (content.kind === 'Claim') return { because: 'Abandoned', message: `Secret ${secret} was never filled.` };
  if (aside !== undefined) {
    const message = `What the credential${ofMerchant(aside)} gave has ended. Give a new one.`;
    return { because: 'Expired', message };
  }
  const unread = content.kind === 'Unreadable' ? ` ${content.message}` : '';
  const message = `What the seller's sign-in gave could not be taken up within 24 hours.${unread} Have them sign in again.`;
  return { because: 'Expired', message };
}

/** It waits for as long as the credential is given that it came of; one that is not to be seen now may be that one. */
function setAsideDismissal(o: Observation, arrived: Grant): Dismissal | undefined {
  const { credential, connection } = o;
  if (wasTaken(o, arrived) && !wasLeft(o, arrived)) return taken;
  const isWanted = connection.spec.ok && connection.spec.value.credential !== undefined;
  const isGiven = credential.kind === 'Given' ? setAsideOf(o) === arrived : isWanted;
  if (arrived.connectionUID === connection.uid && isGiven) return undefined;
  const message = `What a credential${ofMerchant(arrived)} gave was kept for as long as that was given.`;
  return { because: 'OtherCredential', message };
}

const wasLeft = ({ grant }: Pick<Observation, 'grant'>, arrived: Grant): boolean => isLeftIn(recordIn(grant), arrived);

/**
 * The grant of a sign-in; or what was set aside: its seller is pinned now, or nobody is, or nobody knows yet whose it is, and
 * the credential is still given.
 */
function mayTakeUp(o: Observation, { content }: Arrival, now: Now): boolean {
  const grant = content.kind === 'Grant' || content.kind === 'SetAside' ? content.grant : undefined;
  if (grant === undefined || isOlder(o, grant, now)) return false;
  if (content.kind === 'Grant') return true;
  const { merchantID } = grant;
  const pin = pinOf(o);
  if (merchantID !== undefined && pin === merchantID) return true;
  return (pin === undefined || merchantID === undefined) && setAsideOf(o) === grant && !wasLeft(o, grant);
}

const ofMerchant = ({ merchantID }: Grant): string => (merchantID === undefined ? '' : ` of merchant ${merchantID}`);

const taken: Dismissal = { because: 'Taken', message: 'It was taken up.' };

const wasTaken = ({ grant }: Pick<Observation, 'grant'>, arrived: Grant): boolean =>
  isTakenIn(recordIn(grant), arrived);

/** Whether it is of another seller than the place is open to. */
function isOfAnother(o: Pick<Observation, 'connection' | 'grant'>, { merchantID }: Grant): boolean {
  const pin = pinOf(o);
  return pin !== undefined && merchantID !== undefined && merchantID !== pin;
}

function grantDismissal(o: Judged, arrived: Grant, now: Now): Dismissal | undefined {
  if (wasTaken(o, arrived)) return taken;
  if (arrived.connectionUID !== o.connection.uid) {
    const message = 'The seller signed in for an earlier connection of this name. Have them sign in again.';
    return { because: 'OtherConnection', message };
  }
  if (isOfAnother(o, arrived)) {
    const message = `Merchant ${arrived.merchantID} signed in, but this connection is pinned to ${pinOf(o)}. What is held stays. Have that seller sign in, or correct spec.merchantID.`;
    return { because: 'OtherMerchant', message };
  }
  if (isOlder(o, arrived, now) && now.confirmed) {
    const message = 'The seller signed in again after that, and what is held comes of it. It stays.';
    return { because: 'Superseded', message };
  }
  if (wasEnded(o, arrived, now)) {
    const message =
      'The authorization was ended at Square on request after the seller had signed in. Have them sign in again.';
    return { because: 'Disconnected', message };
  }
  return undefined;
}

/** The only seller whom the place is open to. What an earlier connection left, or a backup, gives way to its own seller. */
export function pinOf({ connection: { spec }, grant }: Pick<Observation, 'connection' | 'grant'>): string | undefined {
  const pin = spec.ok ? spec.value.merchantID : undefined;
  return pin ?? ('grant' in grant ? grant.grant.merchantID : undefined);
}

/**
 * It may have waited where its Secret was refused, while the same seller came again. By a clock that Square has confirmed, a time
 * that is yet to come was noted by one that was ahead, and is not believed. Nothing gives way to a grant that is renewed no more.
 */
function isOlder({ grant, history, attempt }: Judged, { accessToken, merchantID }: Grant, now: Now): boolean {
  if (grant.kind !== 'Held' || merchantID === undefined || grant.grant.merchantID !== merchantID) return false;
  const { Refresh } = history.failures;
  if (isSpent(attempt, 'Held') || (Refresh !== undefined && isRefusal(Refresh.class))) return false;
  const { signedInAt = 0 } = grant.grant;
  const isAhead = now.confirmed && signedInAt > now.square;
  return !isAhead && accessToken.issuedAt < Math.floor(signedInAt / 1_000) * 1_000;
}

/**
 * Ending an authorization ends all tokens of it. The token's time has whole seconds, so one of the same second may live. A
 * time that is yet to come was noted by a clock that was ahead: nobody knows what came before it.
 */
function wasEnded({ grant }: Pick<Observation, 'grant'>, { accessToken, merchantID }: Grant, now: Now): boolean {
  const ended = grant.kind === 'Vacant' ? grant.record.disconnected : undefined;
  if (ended === undefined || (ended.merchantID !== undefined && ended.merchantID !== merchantID)) return false;
  return ended.at <= now.square && Math.floor(ended.at / 1_000) * 1_000 > accessToken.issuedAt;
}

/** For the event of a sign-in, or of what was set aside, that took the place of something. */
export function tookPlace(arrived: Grant, because: ReceiveReason): string {
  const { merchantID, accessToken } = arrived;
  const at = formatInstant(accessToken.issuedAt);
  return because === 'SignedIn'
    ? `The seller${merchantID === undefined ? '' : ` (merchant ${merchantID})`} signed in at ${at}: this grant took the place of the earlier one.`
    : `What the credential${ofMerchant(arrived)} gave at ${at} took the place of the earlier grant.`;
}
