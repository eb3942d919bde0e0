import type { LastFailure } from '../api/connection.ts';
import { annotations } from '../api/names.ts';
import type { Instant } from '../clock.ts';
import { conditionOf, type Seen, stateInWords, stateOf } from './seen.ts';
import { until } from './when.ts';

/** What was asked of a connection, and what it was like before. */
export interface Asked {
  /** The value of the annotation. */
  readonly at: string;
  /** That of the object with the request in it. */
  readonly generation: number;
  /** That of the grant before. */
  readonly revision: number;
}

/** What the operator made of it. `No`: it will not happen without somebody doing something. */
export type Answer =
  | { readonly is: 'Yes'; readonly says: string }
  | { readonly is: 'No'; readonly reason: string; readonly says: string };

/** Something that can be asked of the operator by a change of a connection, and how its answer shows in the status. */
export interface Ask {
  /** `refreshed`: what has happened when the answer is yes. */
  readonly done: string;
  /** How many calls to Square each costs at most, which the application's budget spreads. */
  readonly calls: number;
  /** The answer that is known without asking: it is so already, or would be in vain as things stand. */
  known(seen: Seen): Answer | undefined;
  /** A merge patch. */
  patch(at: string): object;
  /** `undefined`: there is no answer yet. */
  answer(seen: Seen, asked: Asked, now: Instant): Answer | undefined;
}

const no = (reason: string, says: string): Answer => ({ is: 'No', reason, says });
const yes = (says: string): Answer => ({ is: 'Yes', says });

const intent = (annotation: string) => (at: string) => ({ metadata: { annotations: { [annotation]: at } } });

const seenSince = ({ status }: Seen, generation: number): boolean => (status.observedGeneration ?? -1) >= generation;

/** Whether the status tells of the object as it is. */
const isCurrent = (seen: Seen): boolean => seenSince(seen, seen.object.metadata.generation ?? 0);

/** Nothing is done for one that is suspended; of one that was changed since the operator looked, nothing is known. */
const unlessSuspended =
  (known: Ask['known']): Ask['known'] =>
  (seen) => {
    const { name, namespace, spec } = seen;
    if (spec.suspend !== true) return isCurrent(seen) ? known(seen) : undefined;
    const resume = `kubectl square resume ${name} -n ${namespace}`;
    return no('Suspended', `it is suspended, so nothing is asked of Square: ${resume}`);
  };

const failuresOf = ({ status: { lastFailure, otherFailures = [] } }: Seen): LastFailure[] =>
  lastFailure === undefined ? otherFailures : [lastFailure, ...otherFailures];

/** The operator took note of the request and did nothing: it was too old or too new for it. */
const stale = no(
  'RequestStale',
  'the operator took the request for an old one: its clock, or the API server’s, is more than 15 minutes off, or a newer token came meanwhile. See "kubectl square doctor".',
);

/** By what failed, where something did. */
function refused(seen: Seen, operation: LastFailure['operation'], otherwise: Answer = stale): Answer {
  const failure = failuresOf(seen).find((one) => one.operation === operation);
  return failure === undefined ? otherwise : no(failure.reason, `${failure.reason}: ${failure.message}`);
}

/** What stands in the way of a renewal without being a failure of the connection's own, such as a fault of its application. */
function unrenewable(seen: Seen): Answer | undefined {
  const renewable = conditionOf(seen, 'Renewable');
  if (renewable === undefined || renewable.status === 'True') return undefined;
  return no(renewable.reason, `${renewable.reason}: ${renewable.message}`);
}

export const refreshing: Ask = {
  done: 'refreshed',
  calls: 2,
  known: unlessSuspended((seen) => {
    if (seen.status.accessTokenIssuedAt === undefined)
      return no(stateOf(seen), `there is no authorization to refresh. ${stateInWords(seen)}`);
    return conditionOf(seen, 'Renewable')?.reason === 'NotNeeded'
      ? no('NotNeeded', 'it holds a personal access token, which is never renewed.')
      : undefined;
  }),
  patch: intent(annotations.refreshRequestedAt),
  answer(seen, { at, revision }, now) {
    const { status } = seen;
    if (status.lastHandledRefreshRequest !== at) return undefined;
    if ((status.revision ?? 0) <= revision) return refused(seen, 'Refresh', unrenewable(seen));
    const ends = status.accessTokenExpiresAt;
    return yes(ends === undefined ? '' : `the new token expires in ${until(ends, now, 'no time')} (${ends})`);
  },
};

export const disconnecting: Ask = {
  done: 'disconnected',
  calls: 2,
  known: unlessSuspended((seen) => {
    if (stateOf(seen) === 'Disconnected') return yes('it was so already');
    return seen.status.sealedSecretName === undefined
      ? no(stateOf(seen), `there is no authorization to end. ${stateInWords(seen)}`)
      : undefined;
  }),
  patch: intent(annotations.disconnectRequestedAt),
  answer(seen, { at }) {
    if (seen.status.lastHandledDisconnectRequest !== at) return undefined;
    return stateOf(seen) === 'Disconnected' ? yes('the authorization is ended at Square') : refused(seen, 'Revoke');
  },
};

/** The states in which there is something to adopt. */
const adoptable: ReadonlySet<string> = new Set(['RetainedGrantFound', 'GrantOutdated']);

/** Those in which there is a record that is nobody's to adopt. */
const closed: ReadonlySet<string> = new Set(['GrantUnreadable', 'GrantOfAnotherApplication', 'GrantSecretNotOwned']);

/** Whose grant is held, in words; `undefined` where none is. */
function heldGrant(seen: Seen): string | undefined {
  const { accessTokenIssuedAt, merchantName, merchantID } = seen.status;
  const state = stateOf(seen);
  if (accessTokenIssuedAt === undefined || adoptable.has(state) || closed.has(state)) return undefined;
  const seller = merchantName ?? merchantID;
  return seller === undefined ? 'the grant is held' : `the grant of ${seller} is held`;
}

export const adopting: Ask = {
  done: 'adopted',
  calls: 2,
  known: unlessSuspended((seen) => {
    if (adoptable.has(stateOf(seen))) return undefined;
    const held = heldGrant(seen);
    if (held !== undefined) return yes(`${held} already (${stateOf(seen)})`);
    return no(stateOf(seen), `there is no retained grant to take up. ${stateInWords(seen)}`);
  }),
  patch: intent(annotations.adoptRequestedAt),
  answer(seen, { at }) {
    // It may be taken up for another reason before the request is seen, which then stays unanswered.
    const held = heldGrant(seen);
    if (held !== undefined) return yes(`${held} (${stateOf(seen)})`);
    if (seen.status.lastHandledAdoptRequest !== at) return undefined;
    return adoptable.has(stateOf(seen)) ? stale : no(stateOf(seen), stateInWords(seen));
  },
};

export const suspending: Ask = {
  done: 'suspended',
  calls: 0,
  known: () => undefined,
  patch: () => ({ spec: { suspend: true } }),
  answer(seen, { generation }) {
    if (!seenSince(seen, generation)) return undefined;
    return stateOf(seen) === 'Suspended'
      ? yes('nothing is asked of Square until "kubectl square resume"')
      : no(stateOf(seen), stateInWords(seen));
  },
};

export const resuming: Ask = {
  done: 'resumed',
  calls: 1,
  known: () => undefined,
  patch: () => ({ spec: { suspend: null } }),
  answer: (seen, { generation }) =>
    seenSince(seen, generation) && stateOf(seen) !== 'Suspended' ? yes(`its state is ${stateOf(seen)}`) : undefined,
};
