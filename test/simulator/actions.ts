import { type Duration, days } from '../../src/clock.ts';
import { allow, defaultScopes, deny, readAuthorizationRequest } from './authorize.ts';
import { authorize, issueAccessToken, issueRefreshToken, revokeAll } from './issue.ts';
import type { AccessToken, Application, Flow, Location, RefreshToken, Seller, Subscription } from './rows.ts';
import { type Revoker, revokedEvent } from './webhooks.ts';
import { authorizationKey, type World } from './world.ts';

/** Something was asked of the simulator that makes no sense. */
export class ActionRefused extends Error {
  override readonly name = 'ActionRefused';
}

function known<T>(row: T | undefined, what: string): T {
  if (row === undefined) throw new ActionRefused(`no such ${what}`);
  return row;
}

interface Pair {
  readonly clientID: string;
  readonly merchantID: string;
}

function knownPair(world: World, pair: Pair): void {
  known(world.applications.get(pair.clientID), 'application');
  known(world.sellers.get(pair.merchantID), 'seller');
}

type ApplicationWish = Partial<Pick<Application, 'clientID' | 'name' | 'redirectURL'>> & {
  readonly clientSecret?: string;
};

function addApplication(world: World, wish: ApplicationWish = {}) {
  const clientSecret = wish.clientSecret ?? world.mint.clientSecret();
  const row: Application = {
    clientID: wish.clientID ?? world.mint.clientID(),
    name: wish.name ?? 'An application',
    secrets: [{ value: clientSecret, accepted: true }],
    redirectURL: wish.redirectURL ?? 'https://example.com/oauth/callback',
    disabled: false,
  };
  world.applications.put(row.clientID, row);
  return { clientID: row.clientID, clientSecret, redirectURL: row.redirectURL };
}

/** A new client secret. The old ones stop working, unless told otherwise. */
function rotateSecret(world: World, wish: { readonly clientID: string; readonly oldStillWorks?: boolean }) {
  const row = known(world.applications.get(wish.clientID), 'application');
  const clientSecret = world.mint.clientSecret();
  const kept = wish.oldStillWorks === true;
  const old = row.secrets.map((secret) => ({ ...secret, accepted: secret.accepted && kept }));
  world.applications.put(row.clientID, { ...row, secrets: [{ value: clientSecret, accepted: true }, ...old] });
  return { clientSecret };
}

function disableApplication(world: World, wish: { readonly clientID: string; readonly disabled?: boolean }): void {
  const row = known(world.applications.get(wish.clientID), 'application');
  world.applications.put(row.clientID, { ...row, disabled: wish.disabled ?? true });
}

function subscribe(
  world: World,
  wish: { readonly clientID: string; readonly notificationURL: string; readonly signatureKey?: string },
): Subscription {
  known(world.applications.get(wish.clientID), 'application');
  const id = `wbhk_${world.subscriptions.size + 1}`;
  const row: Subscription = { ...wish, id, signatureKey: wish.signatureKey ?? world.mint.signatureKey() };
  world.subscriptions.put(id, row);
  return row;
}

type SellerWish = Partial<Pick<Seller, 'merchantID' | 'businessName' | 'country' | 'status'>> & {
  readonly locations?: number;
};

function addSeller(world: World, wish: SellerWish = {}): Seller {
  const locations = Array.from({ length: wish.locations ?? 1 }, (_, index): Location => {
    return { id: world.mint.locationID(), name: index === 0 ? 'Main' : `Branch ${index}`, status: 'ACTIVE' };
  });
  const row: Seller = {
    merchantID: wish.merchantID ?? world.mint.merchantID(),
    businessName: wish.businessName ?? 'Example Bakery',
    country: wish.country ?? 'US',
    currency: 'USD',
    status: wish.status ?? 'ACTIVE',
    locations,
    createdAt: world.clock.now() - days(365),
  };
  world.sellers.put(row.merchantID, row);
  return row;
}

type SellerChange = Pick<Seller, 'merchantID'> & Partial<Pick<Seller, 'businessName' | 'status' | 'locations'>>;

function changeSeller(world: World, change: SellerChange): Seller {
  const row = { ...known(world.sellers.get(change.merchantID), 'seller'), ...change };
  world.sellers.put(row.merchantID, row);
  return row;
}

type GrantWish = Pair & { readonly scopes?: readonly string[]; readonly flow?: Flow; readonly shortLived?: boolean };

/** Tokens as from a sign-in that went well, without the browser. */
function grant(world: World, wish: GrantWish): { accessToken: AccessToken; refreshToken: RefreshToken } {
  knownPair(world, wish);
  const request = { ...wish, scopes: wish.scopes ?? defaultScopes, flow: wish.flow ?? 'Code' };
  const accessToken = issueAccessToken(world, request);
  authorize(world, wish.clientID, wish.merchantID, request.scopes);
  return { accessToken, refreshToken: issueRefreshToken(world, request, accessToken) };
}

type TokenWish = Pair & { readonly scopes?: readonly string[]; readonly lifetime?: Duration };

function addToken(world: World, kind: 'legacy' | 'personal', wish: TokenWish): AccessToken {
  knownPair(world, wish);
  const now = world.clock.now();
  const row: AccessToken = {
    kind,
    value: kind === 'legacy' ? world.mint.legacyToken() : world.mint.accessToken(),
    clientID: wish.clientID,
    merchantID: wish.merchantID,
    scopes: wish.scopes ?? defaultScopes,
    issuedAt: now,
    shortLived: false,
    ...(wish.lifetime === undefined ? {} : { expiresAt: now + wish.lifetime }),
  };
  world.accessTokens.put(row.value, row);
  return row;
}

/** An access token from before 2019-03-13, which can be migrated until it expires. */
const addLegacyToken = (world: World, wish: TokenWish) => addToken(world, 'legacy', { lifetime: days(30), ...wish });

/** Never expires, has full power over the account of the application's owner, and no refresh token. */
const addPersonalAccessToken = (world: World, wish: Pair & { readonly scopes?: readonly string[] }) =>
  addToken(world, 'personal', wish);

/** Ends one access token, such as a personal one that is replaced by hand in the console. */
function revokeAccessToken(world: World, { accessToken }: { readonly accessToken: string }): void {
  const row = known(world.accessTokens.get(accessToken), 'access token');
  world.accessTokens.put(accessToken, { ...row, revokedAt: world.clock.now() });
}

/** The seller disconnects the application in the dashboard, or Square does: all its tokens end, and a webhook goes. */
function disconnect(world: World, wish: Pair & { readonly by?: Revoker }): { eventID: string } {
  knownPair(world, wish);
  revokeAll(world, wish.clientID, wish.merchantID);
  return { eventID: revokedEvent(world, wish, wish.by ?? 'MERCHANT') };
}

/** Forgets what the seller has allowed, so that the next sign-in shows the permissions again. */
function forgetAuthorization(world: World, { clientID, merchantID }: Pair): void {
  world.authorizations.put(authorizationKey(clientID, merchantID), { clientID, merchantID, scopes: [] });
}

type SignInWish = { readonly authorizeURL: string; readonly merchantID: string; readonly decision?: 'allow' | 'deny' };

/** What the seller's browser does with an authorization URL: gives the callback URL, or throws when none comes. */
function signIn(world: World, wish: SignInWish): { callbackURL: string } {
  const request = readAuthorizationRequest(world, new URL(wish.authorizeURL).searchParams);
  if (typeof request === 'string') throw new ActionRefused(request);
  known(world.sellers.get(wish.merchantID), 'seller');
  return { callbackURL: wish.decision === 'deny' ? deny(request) : allow(world, request, wish.merchantID) };
}

const actions = {
  addApplication,
  rotateSecret,
  disableApplication,
  subscribe,
  addSeller,
  changeSeller,
  grant,
  signIn,
  disconnect,
  forgetAuthorization,
  addLegacyToken,
  addPersonalAccessToken,
  revokeAccessToken,
};

type Bound<F> = F extends (world: World, ...rest: infer A) => infer R ? (...rest: A) => R : never;

/** What people do at Square: developers in the console, sellers in their dashboard. Each takes effect at once. */
export type Actions = { readonly [K in keyof typeof actions]: Bound<(typeof actions)[K]> };

export function createActions(world: World): Actions {
  const bound = Object.entries(actions).map(([name, action]) => [
    name,
    (wish: never) => (action as (world: World, wish: never) => unknown)(world, wish),
  ]);
  return Object.fromEntries(bound) as Actions;
}
