import type { Instant } from '../../clock.ts';
import type { StoredStatus } from '../../domain/recall.ts';
import type { Tone } from './staff-state.ts';

/** What a shop owner is told. No word of it supposes that they know what a token or a cluster is. */
export interface SellerState {
  readonly tone: Tone;
  readonly word: string;
  readonly title: string;
  readonly says: string;
  /** What the button is for; `None` where signing in would not help. */
  readonly offers: 'Connect' | 'Reconnect' | 'None';
  /** Whether there is something to disconnect. */
  readonly connected: boolean;
  /** Until when the seller should have signed in again. */
  readonly before?: Instant;
  /** It changes by itself soon: a page without scripts looks again. */
  readonly moving: boolean;
}

type Words = Pick<SellerState, 'tone' | 'word' | 'title' | 'says'> &
  Partial<Pick<SellerState, 'offers' | 'connected' | 'moving'>>;

const waiting: Words = {
  tone: 'off',
  word: 'Not connected',
  title: 'Connect your Square account',
  says: 'Nothing is connected yet. Sign in at Square and allow the access below, and the rest is done for you.',
  offers: 'Connect',
};
const settingUp: Words = {
  tone: 'busy',
  word: 'Setting up',
  title: 'Your connection is being set up',
  says: 'This takes a few seconds. You can leave this page open or close it.',
  moving: true,
};
const working: Words = {
  tone: 'good',
  word: 'Connected',
  title: 'Your Square account is connected',
  says: 'Everything works. There is nothing you need to do.',
  connected: true,
};
const signInSoon: Words = {
  tone: 'warn',
  word: 'Sign in again soon',
  title: 'Please sign in again',
  says: 'It still works, but Square will not extend the access without you. Sign in again so that nothing stops.',
  offers: 'Reconnect',
  connected: true,
};
const ended: Words = {
  tone: 'bad',
  word: 'Access ended',
  title: 'Square says that access was withdrawn',
  says: 'Somebody ended the access at Square, so it no longer works. If that was a mistake, sign in again.',
  offers: 'Reconnect',
};
const expired: Words = {
  tone: 'bad',
  word: 'Expired',
  title: 'The connection has expired',
  says: 'The access to your Square account ran out and could not be extended. Sign in again to go on.',
  offers: 'Reconnect',
};
const disconnected: Words = {
  tone: 'off',
  word: 'Disconnected',
  title: 'Your Square account is disconnected',
  says: 'The access was ended at Square. You can connect again at any time.',
  offers: 'Connect',
};
const disconnecting: Words = {
  tone: 'busy',
  word: 'Disconnecting',
  title: 'Your account is being disconnected',
  says: 'Square is being asked to end the access. If Square does not answer, it is tried again by itself.',
  moving: true,
};
const removed: Words = {
  tone: 'off',
  word: 'Being removed',
  title: 'This connection is being removed',
  says: 'The platform team has deleted it. There is nothing you need to do.',
  moving: true,
};
const paused: Words = {
  tone: 'off',
  word: 'Paused',
  title: 'This connection is paused',
  says: 'The platform team has paused it. There is nothing you need to do.',
};
const otherSeller: Words = {
  tone: 'bad',
  word: 'Another account',
  title: 'That was another Square account',
  says: 'This connection is for another Square account than the one that was used. Sign in with the right one.',
  offers: 'Reconnect',
};
const theirTurn: Words = {
  tone: 'bad',
  word: 'Needs attention',
  title: 'The platform team has to set something right',
  says: 'There is nothing you can do here. Tell the platform team what is written below.',
};
const unreachable: Words = {
  tone: 'busy',
  word: 'Cannot be checked',
  title: 'Square cannot be reached just now',
  says: 'When it was last checked, everything worked. It is tried again by itself; there is nothing you need to do.',
  connected: true,
};

/** By the reason of `Ready`. */
const byReason: Readonly<Record<string, Words>> = {
  AwaitingAuthorization: waiting,
  TakingUp: settingUp,
  ReauthorizationNeeded: signInSoon,
  RotationOutcomeLost: signInSoon,
  CredentialRefused: { ...expired, word: 'Not connected', title: 'Please sign in' },
  Expired: expired,
  TokenRejected: { ...expired, title: 'Square no longer accepts the connection' },
  Revoked: ended,
  Disconnected: disconnected,
  Disconnecting: disconnecting,
  Revoking: disconnecting,
  Suspended: paused,
  OtherMerchant: otherSeller,
  Unverified: {
    ...unreachable,
    says: 'It is tried again by itself; there is nothing you need to do.',
  },
};

/** What the status says, in the seller's words. */
export function sellerState(told: StoredStatus, deleting: boolean): SellerState {
  const ready = told.conditions.get('Ready');
  const words = deleting ? parting(ready) : ready === undefined ? settingUp : wordsFor(told, ready);
  const { connected = false, offers = 'None', moving = false } = words;
  const before = words === signInSoon || words === missing ? told.expiresAt : undefined;
  return { ...words, connected, offers, moving, ...(before !== undefined && { before }) };
}

/** Only under `deletionPolicy: Revoke` a deletion ends anything at Square. */
const parting = (ready: { readonly reason: string } | undefined): Words =>
  ready?.reason === 'Revoking' ? disconnecting : removed;

const missing: Words = {
  ...signInSoon,
  word: 'Permissions missing',
  title: 'Some permissions are missing',
  says: 'It works, but not everything that is needed was allowed. Sign in again and allow the access below.',
};

function wordsFor({ conditions }: StoredStatus, ready: { readonly status: string; readonly reason: string }): Words {
  if (ready.status === 'True') {
    if (conditions.get('Renewable')?.status === 'False') return signInSoon;
    if (conditions.get('ScopesSatisfied')?.status === 'False') return missing;
    if (conditions.get('Valid')?.reason === 'Unverified') return unreachable;
    return known(ready.reason) ?? working;
  }
  return known(ready.reason) ?? theirTurn;
}

const known = (reason: string): Words | undefined => (Object.hasOwn(byReason, reason) ? byReason[reason] : undefined);
