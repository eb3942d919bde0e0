import type { Reason } from '../api/conditions.ts';
import type { ConnectionSpec } from '../api/connection.ts';
import { applicationFault } from './application-words.ts';
import { doubtOf, isInDoubt, isSpent } from './attempt.ts';
import { refusedWords } from './credential-words.ts';
import { wasTried } from './decide.ts';
import { disconnectedWords, disconnectingWords, partingWords } from './ending-words.ts';
import { isTransient } from './failure.ts';
import { presenting } from './given.ts';
import type { Grant } from './grant.ts';
import type { Now, Observation } from './observation.ts';
import { onceMoreMessage } from './once-more.ts';
import { isRefusal } from './pace.ts';
import { isOfUnknownSeller } from './seller.ts';
import { credentialSpent } from './spent-credential.ts';
import { goingOn, resting, type Summary, stuck } from './summary.ts';
import {
  describe,
  doubt,
  faultOf,
  no,
  published,
  renewable,
  renewalIsComing,
  type Since,
  saidExpired,
  saidRevoked,
  signInAgain,
  tokenState,
  unstored,
  type Verdict,
  yes,
} from './verdict.ts';

export function summary(o: Observation, now: Now, since: Since): Summary {
  const { spec } = o.connection;
  const parting = partingWords(o, now);
  if (parting !== undefined) return parting;
  if (!spec.ok) return stuck(no('InvalidSpec', spec.problem));
  if (spec.value.suspend === true) return resting(no('Suspended', 'Suspended: unset spec.suspend to go on.'));
  const fault = grantFault(o) ?? applicationProblem(o);
  if (fault !== undefined) return fault;
  const ending = disconnectingWords(o, now) ?? disconnectedWords(o);
  if (ending !== undefined) return ending;
  return o.grant.kind === 'Held'
    ? held(o, o.grant.grant, spec.value.merchantID, now, since)
    : withoutGrant(o, spec.value, now);
}

function grantFault(o: Observation): Summary | undefined {
  const sealed = `${o.connection.name}-sealed`;
  switch (o.grant.kind) {
    case 'Unreadable':
      return stuck(no('GrantUnreadable', `${o.grant.message} Nothing was overwritten.`));
    case 'NotOwned':
      return stuck(
        no(
          'GrantSecretNotOwned',
          `Secret ${sealed} is not of type square-operator.dev/sealed-grant; it was left alone. Create the connection under another name, or delete that Secret if nothing else needs it.`,
        ),
      );
    case 'OfAnotherApplication':
      return stuck(
        no(
          'GrantOfAnotherApplication',
          `Secret ${sealed} holds a grant of client ${o.grant.clientID}. Point spec.applicationRef back, or delete that Secret to give the grant up.`,
        ),
      );
    case 'Retained':
      return stuck(
        no(
          'RetainedGrantFound',
          `Secret ${sealed} holds a grant that an earlier connection of this name left${ofMerchant(o.grant.grant)}. To take it, set spec.merchantID, present its credential, or annotate square-operator.dev/adopt-requested-at with the time now; to give it up, delete that Secret.`,
        ),
      );
    case 'Outdated':
      return stuck(
        no(
          'GrantOutdated',
          `Secret ${sealed} holds revision ${o.grant.grant.generation} of the grant, but status.revision says that ${o.grant.seen} was seen: the Secret was put back from a backup, or the status was edited. Restore the newer Secret; or, if there is none, annotate square-operator.dev/adopt-requested-at with the time now to take this one.`,
        ),
      );
    case 'Closed':
    case 'Absent':
    case 'Vacant':
    case 'Held':
      return undefined;
  }
}

const ofMerchant = (grant: Grant) => (grant.merchantID === undefined ? '' : ` (merchant ${grant.merchantID})`);

function applicationProblem({ application }: Observation): Summary | undefined {
  switch (application.kind) {
    case 'Missing':
      return resting(
        no(
          'ApplicationNotFound',
          `SquareApplication ${application.ref} does not exist: create it, or correct spec.applicationRef.`,
        ),
      );
    case 'NotAllowed':
      return stuck(
        no(
          'NotAllowedByApplication',
          `SquareApplication ${application.ref} does not allow connections of this namespace: extend its spec.allowedNamespaces.`,
        ),
      );
    case 'NotReachable':
      return stuck(
        no(
          'ApplicationNotReachable',
          `SquareApplication ${application.ref} is in a namespace that is not watched: add it to --watch-namespaces.`,
        ),
      );
    case 'NotNeeded':
    case 'Found':
      return undefined;
  }
}

/** Nothing is held yet. */
function withoutGrant(o: Observation, spec: ConnectionSpec, now: Now): Summary {
  if (o.unsettled !== undefined) return goingOn(no('GrantNotStored', unstored(o.unsettled)));
  if (o.credential.kind === 'None') {
    return resting(no('AwaitingAuthorization', `There is no grant yet: ${waysIn(o)}`));
  }
  if (o.credential.kind === 'Problem') {
    const { reason, message } = o.credential;
    return reason === 'CredentialSecretNotFound' ? resting(no(reason, message)) : stuck(no(reason, message));
  }
  const fault = applicationFault(o);
  if (fault !== undefined && o.credential.type !== 'personalAccessToken')
    return resting(no('ApplicationNotReady', fault));
  const presents = presenting(o.credential, o.attempt);
  const failure = wasTried(o) ? o.history.failures.TakeUp : undefined;
  if (isSpent(o.attempt, presents)) {
    const why = failure !== undefined && isRefusal(failure.class) ? failure.message : credentialSpent;
    return stuck(no('RotationOutcomeLost', `${why} Give a new credential, or have the seller sign in.`));
  }
  if (failure === undefined) {
    const turn = 'The credential waits for its turn: calls to Square for the application are limited.';
    return goingOn(no('TakingUp', o.throttled === true ? turn : 'The credential is about to be tried.'));
  }
  if (failure.class === 'OtherMerchant') return stuck(no('OtherMerchant', failure.message));
  if (isRefusal(failure.class)) {
    return stuck(no('CredentialRefused', refusedWords(failure, o.credential.type, spec)));
  }
  const lost = isInDoubt(o.attempt, presents) ? doubtOf(o.attempt, presents) : undefined;
  const waits = lost === undefined ? '' : ` ${onceMoreMessage(o, presents, lost, now)}`;
  return goingOn(no('TakingUp', `The credential has given no grant yet: ${describe(failure)}${waits}`));
}

/** How a seller gets in. */
function waysIn({ authorizeURL, connection: { namespace, name } }: Observation): string {
  if (authorizeURL === undefined)
    return 'set spec.credential. No seller can sign in, since the operator runs without --external-url.';
  return `have the seller sign in, by the link that "kubectl square connect ${name} -n ${namespace}" prints, or set spec.credential.`;
}

function held(o: Observation, grant: Grant, pin: string | undefined, now: Now, since: Since): Summary {
  if (pin !== undefined && grant.merchantID !== undefined && pin !== grant.merchantID) {
    return stuck(
      no(
        'OtherMerchant',
        `The held grant is of merchant ${grant.merchantID}, but spec.merchantID is ${pin}: correct it, or give a credential of that seller.`,
      ),
    );
  }
  const dead = deadToken(o, grant, now, since);
  if (dead !== undefined) {
    return renewalIsComing(o, grant, now) ? { ready: dead, reconciling: yes('Retrying', renewing(o)) } : stuck(dead);
  }
  if (isOfUnknownSeller(o, grant)) {
    const why = `Square has not said yet whose the access token is, and spec.merchantID pins ${pin}: it is published once it is known.`;
    return goingOn(no('Unverified', why));
  }
  const publication = published(o);
  if (publication.status !== 'True') return publicationFault(publication);
  // An outage at Square changes nothing for whoever waits; a credential that somebody just gave is waited for.
  const taking = wasTried(o) ? o.history.failures.TakeUp : undefined;
  const reconciling =
    taking !== undefined && isTransient(taking) ? { reconciling: yes('Retrying', describe(taking)) } : {};
  if (tokenState(o, grant, now) === 'Unproven') {
    const failure = o.history.failures.Verify;
    const fault = faultOf(o, failure);
    if (fault !== undefined) return resting(no('ApplicationNotReady', fault));
    return goingOn(
      no('Unverified', failure === undefined ? 'The access token was not put to the test yet.' : describe(failure)),
    );
  }
  const renewal = renewable(o, grant, now);
  if (renewal.status === 'False') return { ready: yes('ReauthorizationNeeded', renewal.message) };
  const failure = doubt(o);
  const fault = faultOf(o, failure);
  if (fault !== undefined) return { ready: yes('ApplicationNotReady', fault), ...reconciling };
  if (failure !== undefined) return { ready: yes('Unverified', describe(failure)), ...reconciling };
  return {
    ready: yes('Valid', `The access token is valid and published in Secret ${o.tokenSecret.name}.`),
    ...reconciling,
  };
}

function deadToken(o: Observation, grant: Grant, now: Now, since: Since): Verdict | undefined {
  switch (tokenState(o, grant, now)) {
    case 'Revoked':
      return no('Revoked', saidRevoked(since));
    case 'Unauthorized':
      return no(
        'TokenRejected',
        `Square does not accept the access token (noticed at ${since('Valid', 'False')}), and does not say whether it was revoked. ${signInAgain}`,
      );
    case 'Expired':
      return no('Expired', `${saidExpired(grant, now)} ${renewable(o, grant, now).message}`);
    case 'Accepted':
    case 'Unproven':
      return undefined;
  }
}

const renewing = (o: Observation): string =>
  o.history.failures.Refresh === undefined
    ? 'A new access token is about to be asked for.'
    : describe(o.history.failures.Refresh);

const stuckUnpublished: readonly Reason[] = ['SecretNotOwned', 'SecretUnrenderable'];
const publicationFault = (verdict: Verdict): Summary =>
  stuckUnpublished.includes(verdict.reason) ? stuck(verdict) : goingOn(verdict);
