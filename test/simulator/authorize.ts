import { authorize } from './issue.ts';
import { consentPage, errorPage, signInPage } from './pages.ts';
import { html, type Incoming, type Reply, redirect } from './reply.ts';
import type { Application, Code } from './rows.ts';
import { authorizationKey, type World } from './world.ts';

/** What Square grants when `scope` is left out, or misspelt as a parameter. */
export const defaultScopes = ['MERCHANT_PROFILE_READ', 'PAYMENTS_READ', 'SETTLEMENTS_READ', 'BANK_ACCOUNTS_READ'];

/** An authorization request that may be answered at its callback. */
export interface AuthorizationRequest {
  readonly application: Application;
  readonly scopes: readonly string[];
  readonly redirectURI: string | undefined;
  readonly state: string | undefined;
  readonly codeChallenge: string | undefined;
}

/** Reads the query; text says why no callback may ever be called. The redirect URL is compared to the character. */
export function readAuthorizationRequest(world: World, query: URLSearchParams): AuthorizationRequest | string {
  const application = world.applications.get(query.get('client_id') ?? '');
  if (application === undefined || application.disabled) return 'client_id is not of a known application.';
  const redirectURI = query.get('redirect_uri') ?? undefined;
  if (redirectURI !== undefined && redirectURI !== application.redirectURL) {
    return 'redirect_uri is not the registered redirect URL.';
  }
  const scopes = (query.get('scope') ?? '').split(/\s+/).filter((scope) => scope !== '');
  return {
    application,
    scopes: scopes.length === 0 ? defaultScopes : scopes,
    redirectURI,
    state: query.get('state') ?? undefined,
    codeChallenge: query.get('code_challenge') ?? undefined,
  };
}

function callback(request: AuthorizationRequest, parameters: Readonly<Record<string, string>>): string {
  const { redirectURL } = request.application;
  const query = new URLSearchParams(parameters);
  if (request.state !== undefined) query.set('state', request.state);
  return `${redirectURL}${redirectURL.includes('?') ? '&' : '?'}${query.toString()}`;
}

/** The callback URL with a fresh code, single-use and good for five minutes. */
export function allow(world: World, request: AuthorizationRequest, merchantID: string): string {
  const { clientID } = request.application;
  const row: Code = {
    value: world.mint.code(),
    clientID,
    merchantID,
    scopes: request.scopes,
    issuedAt: world.clock.now(),
    ...(request.redirectURI === undefined ? {} : { redirectURI: request.redirectURI }),
    ...(request.codeChallenge === undefined ? {} : { codeChallenge: request.codeChallenge }),
  };
  world.codes.put(row.value, row);
  authorize(world, clientID, merchantID, request.scopes);
  return callback(request, { code: row.value, response_type: 'code' });
}

/** The callback URL of a seller who said no. */
export const deny = (request: AuthorizationRequest): string =>
  callback(request, { error: 'access_denied', error_description: 'user_denied' });

const sellerCookie = 'square_seller';

function signedIn(world: World, incoming: Incoming): string | undefined {
  const merchantID = new RegExp(`(?:^|; )${sellerCookie}=(\\w+)`).exec(incoming.headers.cookie ?? '')?.[1];
  return merchantID !== undefined && world.sellers.get(merchantID) !== undefined ? merchantID : undefined;
}

/**
 * `GET /oauth2/authorize`: sends the sandbox on to its other page, asks who the seller is, and shows the permissions,
 * unless this seller has allowed them before: then the browser goes straight back with a new code.
 */
export function showAuthorize(world: World, incoming: Incoming): Reply {
  const sandbox = world.environment === 'Sandbox';
  if (sandbox && incoming.path === '/oauth2/authorize') {
    const to = `/sandbox/oauth2/authorize?${incoming.query.toString()}`;
    return redirect(to, '<html><body>You are being redirected.</body></html>');
  }
  const request = readAuthorizationRequest(world, incoming.query);
  if (typeof request === 'string') return html(400, errorPage(request));
  if (sandbox && !world.settings().sandboxDashboardOpen) {
    return html(400, errorPage('Open the test account in the Developer Console first.'));
  }
  const merchantID = signedIn(world, incoming);
  const forced = incoming.query.get('session') === 'false' && !sandbox;
  if (merchantID === undefined || forced) return html(200, signInPage(incoming.query, world.sellers.values()));
  return consent(world, request, incoming.query, merchantID);
}

function consent(world: World, request: AuthorizationRequest, query: URLSearchParams, merchantID: string): Reply {
  const { clientID, name } = request.application;
  const allowed = world.authorizations.get(authorizationKey(clientID, merchantID))?.scopes ?? [];
  if (request.scopes.every((scope) => allowed.includes(scope))) return redirect(allow(world, request, merchantID));
  const seller = world.sellers.get(merchantID);
  if (seller === undefined) return html(400, errorPage('No such seller.'));
  return html(200, consentPage({ query, application: name, seller, scopes: request.scopes }));
}

/** `POST /oauth2/authorize`: what the seller's browser sends from the two pages. */
export function decideAuthorize(world: World, incoming: Incoming): Reply {
  const form = new URLSearchParams(incoming.body);
  const query = new URLSearchParams(form.get('query') ?? '');
  const request = readAuthorizationRequest(world, query);
  if (typeof request === 'string') return html(400, errorPage(request));
  const merchantID = form.get('merchant_id') ?? '';
  if (world.sellers.get(merchantID) === undefined) return html(400, errorPage('No such seller.'));
  const decision = form.get('decision');
  if (decision === 'allow') return redirect(allow(world, request, merchantID));
  if (decision === 'deny') return redirect(deny(request));
  if (decision !== 'sign-in') return html(400, errorPage('No decision.'));
  const reply = consent(world, request, query, merchantID);
  const cookie = `${sellerCookie}=${merchantID}; Path=/; HttpOnly; SameSite=Lax`;
  return { ...reply, headers: { ...reply.headers, 'set-cookie': cookie } };
}
