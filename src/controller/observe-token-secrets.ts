import type { ConnectionSpec, Environment } from '../api/connection.ts';
import { type Duration, type Instant, minutes, parseInstant, seconds } from '../clock.ts';
import {
  type Connection,
  type GrantState,
  type Now,
  type Observation,
  type TokenSecret,
  type TokenSecretState,
  tokenSecretStates,
} from '../domain/observation.ts';
import type { StoredCondition } from '../domain/stored-conditions.ts';
import { keyFrom, splitKey } from '../kube/resource.ts';
import { renderTokenSecret } from '../secrets/render-token-secret.ts';
import type { Index } from './index-by.ts';
import type { Squares } from './squares.ts';
import type { Watches } from './watches.ts';

export interface TokenSecretsDeps {
  readonly squares: Squares;
  readonly watches: Watches;
  /** Keys of token Secrets by the key of their connection. */
  readonly tokensOf: Index;
}

/** A name that somebody else's Secret has is tried again so soon, since nothing tells when it is free. */
export const lookAgainEvery = seconds(30);

/** A name that is taken is tried again within this time, although Square's time may have been set back since. */
export const soon = (retryAt: Instant, now: Instant, within: Duration = lookAgainEvery): Instant =>
  Math.min(retryAt, now + within);

const lookAgainAtLeastEvery = minutes(15);

/**
 * How long to leave a token Secret's name alone that somebody else's Secret has: half as long as it has been so, by the
 * stored condition, so that a restart goes on where the process before it was.
 */
export function lookAgainIn(published: StoredCondition | undefined, wall: Instant): Duration {
  const since = published?.reason === 'SecretNotOwned' ? parseInstant(published.since) : undefined;
  return Math.min(lookAgainAtLeastEvery, Math.max(lookAgainEvery, (wall - (since ?? wall)) / 2));
}

/** The token Secret that should be there, rendered for the grant that is held. */
export function renderFor(
  { squares }: Pick<TokenSecretsDeps, 'squares'>,
  connection: Connection,
  spec: ConnectionSpec,
  grant: GrantState & { kind: 'Held' },
  environment: Environment,
  state?: TokenSecretState,
) {
  const { accessToken, merchantID, generation } = grant.grant;
  const values = {
    accessToken: accessToken.value,
    environment,
    baseURL: squares[environment].baseURL,
    ...(accessToken.expiresAt === undefined ? {} : { expiresAt: accessToken.expiresAt }),
    ...(merchantID === undefined ? {} : { merchantID }),
  };
  const { namespace, name } = connection;
  return renderTokenSecret(spec.secret, values, { namespace, connection: name, generation, state });
}

export interface TokenSecretsOf {
  readonly grant: GrantState;
  readonly environment: Environment;
  readonly now: Now;
  /** The name under which the token was published last, by the status. */
  readonly publishedAs: string | undefined;
  /** The name that was taken by somebody else's Secret when it was tried last; without one, whatever it was. */
  readonly notOwned: { readonly name?: string; readonly retryAt: Instant } | undefined;
}

/** What is published for a connection, under the name that it has now and under earlier ones. */
export function observeTokenSecrets(
  deps: TokenSecretsDeps,
  connection: Connection,
  spec: ConnectionSpec,
  { grant, environment, now, notOwned, publishedAs }: TokenSecretsOf,
): Pick<Observation, 'tokenSecret' | 'formerTokenSecrets'> {
  const name = spec.secret?.name ?? connection.name;
  const { namespace } = connection;
  const own = [...deps.tokensOf.get(keyFrom(namespace, connection.name))].map((key) => splitKey(key).name);
  // A Secret that bears our marks may be somebody's copy: only the name under which we published last is ours to remove.
  const formerTokenSecrets = own
    .filter((other) => other !== name && other === publishedAs)
    .map((former) => ({ name: former, ...stateIn(deps.watches.tokens.get(keyFrom(namespace, former))) }));
  const held = deps.watches.tokens.get(keyFrom(namespace, name));
  return { tokenSecret: stateOf(), formerTokenSecrets };

  function stateOf(): TokenSecret {
    const ours = held?.connection === connection.name ? held : undefined;
    const state = stateIn(ours);
    const rendered =
      grant.kind === 'Held' ? renderFor(deps, connection, spec, grant, environment, state.state) : undefined;
    if (rendered?.ok === false) {
      return { kind: 'Unrenderable', name, message: `${rendered.message}.`, ...(ours && { published: state }) };
    }
    if (ours !== undefined) {
      const current = rendered === undefined || deps.watches.isCurrent(ours, rendered.secret);
      return { kind: 'Ours', name, current, ...state };
    }
    const taken =
      notOwned !== undefined && (notOwned.name ?? name) === name
        ? soon(notOwned.retryAt, now.square, lookAgainAtLeastEvery)
        : undefined;
    if (held === undefined && taken === undefined) return { kind: 'Absent', name };
    return { kind: 'NotOwned', name, retryAt: taken ?? 0 };
  }
}

/** What is said on a token Secret, as far as it is a word of ours. */
function stateIn(held: { readonly state?: string } | undefined): { readonly state?: TokenSecretState } {
  const known = tokenSecretStates.find((state) => state === held?.state);
  return known === undefined ? {} : { state: known };
}
