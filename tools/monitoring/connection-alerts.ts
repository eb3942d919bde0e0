import { aboutConnections, type ConnectionRules } from './alert.ts';
import {
  condition,
  days,
  hours,
  lines,
  nested,
  outage,
  refreshTokenRemaining,
  suspended,
  tokenAge,
  tokenLifetime,
  tokenRemaining,
  unverifiable,
  whileApplicationWorks,
} from './promql.ts';

const whileSquareAnswers = `unless on (environment) (${outage})`;

/** Long enough for a lease to change hands and for a backoff to end, short enough to be told while it matters. */
const aWhile = '15m';

/** A token that Square does not take, or takes no more, is told of as such, however old it grows. */
const whileItWorks = `unless ${condition('Valid', 'False')}`;
/** That the renewal fails is no news where only the seller can mend it, or where somebody wants none. */
const whileRenewalIsWanted = lines(whileItWorks, `unless ${condition('Renewable', 'False')}`, `unless ${suspended}`);

/** A token of 30 days ends in less than seven, one of a day in less than four hours. */
const endsSoon = lines(
  `(${tokenRemaining} < ${days(7)} and ${tokenLifetime} > ${days(14)})`,
  `or (${tokenRemaining} < ${hours(4)})`,
);

const unpublished = lines(condition('Published', 'False'), `and ${condition('Valid', 'True')}`);

/** Of what one seller's connection needs. Each says what is not said by another one, and nothing that its cause says. */
export const connectionRules: readonly ConnectionRules[] = [
  aboutConnections({
    name: 'SquareTokenAging',
    severity: 'warning',
    for: aWhile,
    expression: lines(
      `${tokenAge} > ${days(7.5)}`,
      `unless ${tokenAge} > ${days(8)}`,
      whileRenewalIsWanted,
      whileSquareAnswers,
      whileApplicationWorks,
    ),
    says: 'has an access token older than 7.5 days',
    saysOfMany: 'have access tokens older than 7.5 days',
    description:
      'Access tokens are renewed within 7 days, and this was not. Nothing is broken yet: the token works until its end, 30 days after its issue.',
    remedy: 'kubectl square status CONNECTION',
  }),
  aboutConnections({
    name: 'SquareTokenTooOld',
    severity: 'critical',
    for: aWhile,
    expression: lines(
      `${tokenAge} > ${days(8)}`,
      `unless (${nested(endsSoon)})`,
      whileRenewalIsWanted,
      whileSquareAnswers,
      whileApplicationWorks,
    ),
    says: 'has an access token older than 8 days',
    saysOfMany: 'have access tokens older than 8 days',
    description:
      'The renewal has failed for more than a day. The token works until its end, 30 days after its issue; then workloads are refused by Square.',
    remedy: 'kubectl square status CONNECTION',
  }),
  aboutConnections({
    name: 'SquareTokenEndsSoon',
    severity: 'critical',
    for: aWhile,
    expression: lines(`(${nested(endsSoon)})`, whileItWorks),
    says: 'loses its access token soon, and it is not renewed',
    saysOfMany: 'lose their access tokens soon, and they are not renewed',
    description:
      'Less than seven days are left of a token of 30 days, or less than four hours of one of 24. When it ends, workloads are refused by Square.',
    remedy: 'kubectl square status CONNECTION',
  }),
  aboutConnections({
    name: 'SquareTokenExpired',
    severity: 'critical',
    for: '5m',
    expression: condition('Expired', 'True'),
    says: 'has an expired access token',
    saysOfMany: 'have expired access tokens',
    // Renewals of an application are spread over seven days, and so are the ends of tokens that none renews.
    atOnceWithin: '7d',
    description: 'Workloads are refused by Square now. The condition Renewable says why the token was not renewed.',
    remedy: 'kubectl square status CONNECTION',
  }),
  aboutConnections({
    name: 'SquareConnectionRevoked',
    severity: 'warning',
    severityOfMany: 'critical',
    for: '1m',
    expression: condition('Revoked', 'True'),
    says: 'is revoked',
    saysOfMany: 'are revoked',
    atOnceWithin: '1d',
    description:
      'Square says that the access token was revoked, by the seller or by Square. Workloads are refused by Square now. Only a new sign-in of the seller brings it back; where the seller will not come back, delete the connection.',
    remedy: 'kubectl square status CONNECTION',
  }),
  aboutConnections({
    name: 'SquareTokenRejected',
    severity: 'warning',
    severityOfMany: 'critical',
    for: aWhile,
    expression: lines(
      condition('Valid', 'False'),
      `unless ${condition('Expired', 'True')}`,
      `unless ${condition('Revoked', 'True')}`,
    ),
    says: 'has an access token that Square does not accept',
    saysOfMany: 'have access tokens that Square does not accept',
    atOnceWithin: '1d',
    description:
      'Square refuses the access token without saying that it was revoked, and a new one could not be had. Workloads are refused by Square now.',
    remedy: 'kubectl square status CONNECTION',
  }),
  aboutConnections({
    name: 'SquareReauthorizationNeeded',
    severity: 'warning',
    severityOfMany: 'critical',
    for: aWhile,
    expression: lines(condition('Renewable', 'False'), `unless ${condition('Expired', 'True')}`, whileItWorks),
    says: 'needs its seller to sign in again',
    saysOfMany: 'need their sellers to sign in again',
    atOnceWithin: '1d',
    description: 'The access token still works, but Square refuses to renew it. When it ends, workloads are refused.',
    remedy: 'kubectl square status CONNECTION',
  }),
  aboutConnections({
    name: 'SquareRefreshTokenEnds',
    severity: 'warning',
    for: aWhile,
    expression: lines(
      `${refreshTokenRemaining} < ${days(14)}`,
      whileItWorks,
      `unless ${condition('Renewable', 'False')}`,
    ),
    says: 'has a refresh token whose 90 days end within 14',
    saysOfMany: 'have refresh tokens whose 90 days end within 14',
    description:
      'A single-use refresh token is replaced with each renewal, so this one was not renewed for 76 days. When it ends, the seller has to sign in again.',
    remedy: 'kubectl square status CONNECTION',
  }),
  aboutConnections({
    name: 'SquareTokenUnverified',
    severity: 'warning',
    for: '3h',
    expression: lines(unverifiable, whileSquareAnswers),
    says: 'cannot be verified',
    saysOfMany: 'cannot be verified',
    description:
      'Square answers about other connections, but for hours it could not be asked about this one. What was proven last is in the condition Valid. It is no revocation.',
    remedy: 'kubectl square status CONNECTION',
  }),
  aboutConnections({
    name: 'SquareTokenNotPublished',
    severity: 'critical',
    for: aWhile,
    expression: unpublished,
    says: 'has a valid access token that is not in its Secret',
    saysOfMany: 'have valid access tokens that are not in their Secrets',
    description: 'Workloads have no token, or an older one that ends before the new one. Condition Published says why.',
    remedy: 'kubectl square status CONNECTION',
  }),
  aboutConnections({
    name: 'SquareConnectionStalled',
    severity: 'warning',
    for: aWhile,
    expression: lines(
      condition('Stalled', 'True'),
      `unless ${condition('Expired', 'True')}`,
      `unless ${condition('Valid', 'False')}`,
      `unless (${nested(unpublished)})`,
    ),
    says: 'waits for a person',
    saysOfMany: 'wait for a person',
    atOnceWithin: '1d',
    description: 'It cannot go on before somebody changes something; the condition Ready says what.',
    remedy: 'kubectl square status CONNECTION',
  }),
  aboutConnections({
    name: 'SquareScopesMissing',
    severity: 'info',
    for: aWhile,
    expression: condition('ScopesSatisfied', 'False'),
    says: 'lacks permissions that it wants',
    saysOfMany: 'lack permissions that they want',
    atOnceWithin: '1d',
    description: 'Calls of workloads that need them are refused by Square. The condition ScopesSatisfied names them.',
    remedy: 'kubectl square status CONNECTION',
  }),
];
