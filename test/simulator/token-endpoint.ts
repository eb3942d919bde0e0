import type { Duration, Instant } from '../../src/clock.ts';
import { missingParameter, notAuthorized, oauthError } from './errors.ts';
import { type Exchange, exchangeCode, migrate, refresh } from './grant-types.ts';
import { knowsSecret } from './issue.ts';
import { field, type Incoming, json, type Reply } from './reply.ts';
import type { AccessToken, Application, Flow, GrantType, TokenRequestEntry } from './rows.ts';
import type { Settings } from './settings.ts';
import type { World } from './world.ts';

const presentedField: Readonly<Record<GrantType, string>> = {
  authorization_code: 'code',
  refresh_token: 'refresh_token',
  migration_token: 'migration_token',
};

const isGrantType = (value: string): value is GrantType => value in presentedField;

/** The refresh token, code or migration token of a token request. */
export function presentedOf(incoming: Incoming): string | undefined {
  const grantType = field(incoming, 'grant_type') ?? '';
  return isGrantType(grantType) ? field(incoming, presentedField[grantType]) : undefined;
}

/** `POST /oauth2/token` (Square, ObtainToken reference). Every request leaves an entry in the ledger. */
export function obtainToken(world: World, incoming: Incoming): Reply {
  const presented = presentedOf(incoming);
  const held = presented === undefined ? undefined : holderOf(world, presented);
  const spent = presented === undefined ? undefined : world.refreshTokens.get(presented)?.consumedAt;
  const exchange = decide(world, incoming, presented);
  const entry = record(world, {
    grantType: field(incoming, 'grant_type') ?? '',
    ...given('clientID', field(incoming, 'client_id')),
    ...given('merchantID', held?.merchantID),
    ...given('presented', presented),
    presentedAgain: spent !== undefined,
    answered: true,
    ...('refusal' in exchange
      ? { outcome: 'refused', reason: exchange.reason }
      : {
          outcome: 'issued',
          reason: 'issued',
          accessToken: exchange.accessToken.value,
          refreshToken: exchange.refreshToken.value,
        }),
  });
  const reply = 'refusal' in exchange ? exchange.refusal : success(world.settings(), incoming, exchange);
  return { ...reply, tokenRequest: entry.id };
}

const given = <K extends string, V>(name: K, value: V | undefined) =>
  (value === undefined ? {} : { [name]: value }) as Partial<Record<K, V>>;

function record(world: World, row: Omit<TokenRequestEntry, 'id' | 'at'>): TokenRequestEntry {
  const entry = { id: world.tokenRequests.size + 1, at: world.clock.now(), ...row };
  world.tokenRequests.put(String(entry.id), entry);
  return entry;
}

/** Who a presented value belongs to, as far as it is known. */
export const holderOf = (world: World, presented: string) =>
  world.refreshTokens.get(presented) ?? world.codes.get(presented) ?? world.accessTokens.get(presented);

function decide(world: World, incoming: Incoming, presented: string | undefined): Exchange {
  const settings = world.settings();
  const refuse = (refusal: Reply, reason: string) => ({ refusal, reason });
  if (incoming.json === undefined) {
    return refuse(oauthError(settings, 400, 'bad_request', 'could not parse the request body'), 'no JSON');
  }
  const clientID = field(incoming, 'client_id');
  if (clientID === undefined) return refuse(missingParameter(settings, 'client_id'), 'no client_id');
  const grantType = field(incoming, 'grant_type');
  if (grantType === undefined) return refuse(missingParameter(settings, 'grant_type'), 'no grant_type');
  if (!isGrantType(grantType)) {
    const message = "invalid value for parameter 'grant_type'";
    return refuse(oauthError(settings, 400, 'bad_request.invalid_parameter', message), 'unknown grant_type');
  }
  if (presented === undefined) {
    return refuse(missingParameter(settings, presentedField[grantType]), `no ${presentedField[grantType]}`);
  }
  const application = world.applications.get(clientID);
  if (application === undefined) return refuse(notAuthorized(settings), 'unknown client');
  if (application.disabled) return refuse(notAuthorized(settings), 'client disabled');
  if (!identified(world, application, field(incoming, 'client_secret'), presented)) {
    return refuse(notAuthorized(settings), 'wrong client secret');
  }
  if (grantType === 'authorization_code') return exchangeCode(world, application, incoming, presented);
  return grantType === 'refresh_token'
    ? refresh(world, application, incoming, presented)
    : migrate(world, application, incoming, presented);
}

/** A secret must be right; it may be absent only where PKCE takes its place. */
function identified(world: World, application: Application, secret: string | undefined, presented: string): boolean {
  if (secret !== undefined) return knowsSecret(application, secret);
  const code = world.codes.get(presented);
  const flow: Flow | undefined = world.refreshTokens.get(presented)?.flow;
  return code?.codeChallenge !== undefined || flow === 'PKCE' || (code === undefined && flow === undefined);
}

function success(
  settings: Settings,
  incoming: Incoming,
  issued: Extract<Exchange, { accessToken: AccessToken }>,
): Reply {
  const { accessToken, refreshToken } = issued;
  const refreshed = field(incoming, 'grant_type') === 'refresh_token';
  const omitted = {
    never: false,
    always: true,
    'when refreshed': refreshed,
    'when short-lived': accessToken.shortLived,
  }[settings.omitRefreshToken];
  return json(200, {
    access_token: accessToken.value,
    token_type: 'bearer',
    expires_at: formatted(settings, accessToken.expiresAt ?? 0),
    ...(settings.omitMerchantID === 'never' ? { merchant_id: accessToken.merchantID } : {}),
    ...(omitted ? {} : { refresh_token: refreshToken.value }),
    ...(settings.omitShortLived ? {} : { short_lived: accessToken.shortLived }),
    ...(refreshToken.expiresAt === undefined || omitted
      ? {}
      : { refresh_token_expires_at: formatted(settings, refreshToken.expiresAt) }),
  });
}

const eastern: Duration = -5 * 3_600_000;

/** A time in the form that the settings ask for; every recorded one is of whole seconds in UTC. */
export function formatted(settings: Settings, instant: Instant): string | null | undefined {
  const iso = (at: Instant) => new Date(at).toISOString();
  const forms: Readonly<Record<Settings['expiresAtFormat'], () => string | null | undefined>> = {
    seconds: () => `${iso(instant).slice(0, 19)}Z`,
    fraction: () => iso(instant),
    nanoseconds: () => `${iso(instant).slice(0, 19)}.246373287Z`,
    offset: () => `${iso(instant + eastern).slice(0, 19)}-05:00`,
    missing: () => undefined,
    empty: () => '',
    null: () => null,
  };
  return forms[settings.expiresAtFormat]();
}
