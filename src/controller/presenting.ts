import type { Observation } from '../domain/observation.ts';
import type { Step } from '../domain/step.ts';
import type { Key } from '../kube/resource.ts';
import type { Outcome, SquareClient } from '../square/port.ts';
import type { HeldBackTokensOf, HeldToken } from './held-back-tokens.ts';
import type { IssuingOf } from './issuing.ts';

/** A refresh token that is held is about to be presented: whether it may be, and what comes of it. */
export interface Presenting {
  /** Asked again right before each request: others may have been refused meanwhile, or got no answer. */
  may(): boolean;
  /** A client that tells of every answer about the token. */
  listening(client: SquareClient): SquareClient;
}

/** Nothing for a step that presents no refresh token that is held; what a person asks for may always be presented. */
export function presentingOf(
  deps: {
    readonly heldBackTokens: Pick<HeldBackTokensOf, 'mayPresent' | 'refused' | 'renewed'>;
    readonly issuing: Pick<IssuingOf, 'of'>;
  },
  key: Key,
  step: Step,
  { grant, application }: Observation,
): Presenting | undefined {
  if (step.kind !== 'Refresh' || grant.kind !== 'Held' || application.kind !== 'Found') return undefined;
  const { refreshToken, accessToken } = grant.grant;
  if (refreshToken === undefined) return undefined;
  const { ref } = application;
  const { heldBackTokens: tokens, issuing } = deps;
  const token: HeldToken = {
    kind: refreshToken.singleUse ? 'singleUse' : 'multiUse',
    givenAt: accessToken.issuedAt,
  };
  let isProbe = step.because === 'RefreshRequested';

  function learn<T>(outcome: Outcome<T>): Outcome<T> {
    if (outcome.ok) tokens.renewed(ref, token);
    else if (outcome.failure.class === 'RefreshTokenRefused') tokens.refused(ref, key, token);
    return outcome;
  }

  return {
    may() {
      if (step.because === 'AnswerLost' && issuing.of(ref)?.failedAt !== application.issuing?.failedAt) return false;
      if (isProbe) return true;
      const answer = tokens.mayPresent(ref, token);
      isProbe = answer === 'Probe';
      return answer !== 'No';
    },
    listening: (client) => ({
      ...client,
      obtainToken: async (...asked) => learn(await client.obtainToken(...asked)),
      exchangeToken: async (...asked) => learn(await client.exchangeToken(...asked)),
    }),
  };
}
