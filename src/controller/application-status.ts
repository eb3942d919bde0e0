import { defaultClientSecretKey, defaultMaxAuthorizations } from '../api/application.ts';
import { type ApplicationReason, applicationReasons } from '../api/conditions.ts';
import { squareApplications } from '../api/names.ts';
import { type ApplicationStatus, applicationStatusFields, type Condition } from '../api/status.ts';
import { type Clock, type Duration, formatInstant, seconds } from '../clock.ts';
import type { ApplicationRefusal } from '../domain/observation.ts';
import { lookForSecretEvery } from '../domain/schedule.ts';
import type { KubeClient } from '../kube/client.ts';
import type { EventNote, EventRecorder } from '../kube/events.ts';
import type { Key } from '../kube/resource.ts';
import type { Applications } from './applications.ts';
import { heldBackFault, heldBackStatus } from './held-back-status.ts';
import type { HeldBackTokensOf } from './held-back-tokens.ts';
import type { Index } from './index-by.ts';
import { missingSecret } from './missing-secret.ts';
import { type ApplicationView, statusDigest } from './projections.ts';
import type { Turns } from './turns.ts';
import type { Watches } from './watches.ts';
import { writeStatus } from './write-status.ts';

export interface ApplicationStatusDeps {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly watches: Watches;
  readonly applications: Applications;
  readonly turns: Pick<Turns, 'slowed'>;
  readonly heldBackTokens: Pick<HeldBackTokensOf, 'rows'>;
  readonly events: EventRecorder;
  /** Keys of connections by the key of their application. */
  readonly connectionsOf: Index;
}

/**
 * An application's status counts all its connections, so it is written, and they are counted, no more often than this. A
 * fault that came or went is written at once: its connections point to it.
 */
const writtenEvery = seconds(30);

/** So much of what Square allows is a reason to say so. */
const fullAt = 0.9;

const reasonOf = (status: ApplicationStatus) => status.conditions?.find(({ type }) => type === 'Ready')?.reason;

interface Verdict {
  readonly ready: boolean;
  readonly reason: ApplicationReason;
  readonly message: string;
  /** Whether somebody has to change something; what is only not there yet is waited for. */
  readonly stuck?: boolean;
  /** When nothing will tell that it has changed. */
  readonly lookAgain?: Duration;
}

const stuck = (reason: ApplicationReason, message: string): Verdict => ({ ready: false, stuck: true, reason, message });

/** One pass over one application: writes its status if it differs. Resolves to how long to wait until the next. */
export function createApplicationReconciler(deps: ApplicationStatusDeps): (key: Key) => Promise<Duration | undefined> {
  const writtenAt = new Map<Key, Duration>();
  const counted = new Map<Key, Counts>();
  return async (key) => {
    const application = deps.watches.applications.get(key);
    if (application === undefined) {
      writtenAt.delete(key);
      counted.delete(key);
      return undefined;
    }
    const now = deps.clock.monotonic();
    const known = counted.get(key);
    const counts = known !== undefined && now < known.until ? known : countConnections(deps, key, now + writtenEvery);
    counted.set(key, counts);
    // Earlier counts may have changed since: they are looked at again when they may be.
    const recount = counts === known ? counts.until - now : undefined;
    const { status, lookAgain } = await statusOf(deps, key, application, counts);
    const again = soonest(lookAgain ?? recount, deps.turns.slowed(key)?.recoversIn);
    if (statusDigest(status) === application.digest) return again;
    const wait =
      reasonOf(status) === reasonOf(application.status)
        ? (writtenAt.get(key) ?? Number.NEGATIVE_INFINITY) + writtenEvery - now
        : 0;
    if (wait > 0) return wait;
    if (
      await writeStatus(
        deps.client,
        deps.watches.applications,
        squareApplications,
        application,
        status,
        applicationStatusFields,
      )
    ) {
      writtenAt.set(key, deps.clock.monotonic());
      for (const note of eventsOf(application, status)) deps.events.record(note);
    }
    return again;
  };
}

const soonest = (...waits: readonly (Duration | undefined)[]): Duration | undefined => {
  const known = waits.filter((wait) => wait !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
};

/** What an application's connections come to. Thousands of them change at once, and each change would count them all. */
interface Counts {
  readonly total: number;
  readonly ready: number;
  readonly sellers: number;
  /** Until when (monotonic) they are not counted again. */
  readonly until: Duration;
}

async function statusOf(
  deps: ApplicationStatusDeps,
  key: Key,
  application: ApplicationView,
  { total, ready, sellers }: Counts,
): Promise<{ status: ApplicationStatus; lookAgain: Duration | undefined }> {
  const verdict = await verdictOf(deps, key, application, sellers);
  const { generation } = application;
  const now = formatInstant(deps.clock.wall());
  const condition = (type: 'Ready' | 'Stalled', status: 'True' | 'False'): Condition => {
    const before = application.status.conditions?.find((one) => one.type === type);
    const lastTransitionTime = before?.status === status ? before.lastTransitionTime : now;
    const { reason, message } = verdict;
    return { type, status, reason, message, lastTransitionTime, observedGeneration: generation };
  };
  return {
    status: {
      observedGeneration: generation,
      conditions: [
        condition('Ready', verdict.ready ? 'True' : 'False'),
        ...(verdict.stuck === true ? [condition('Stalled', 'True')] : []),
      ],
      connections: { total, ready },
      authorizations: sellers,
      ...heldBackStatus(deps.heldBackTokens.rows(key)),
    },
    lookAgain: verdict.lookAgain,
  };
}

function countConnections({ watches, connectionsOf }: ApplicationStatusDeps, key: Key, until: Duration): Counts {
  let total = 0;
  let ready = 0;
  const sellers = new Set<string>();
  for (const connection of connectionsOf.get(key)) {
    const stored = watches.connections.get(connection)?.stored;
    if (stored === undefined) continue;
    total++;
    if (stored.conditions.get('Ready')?.status === 'True') ready++;
    if (stored.merchantID !== undefined) sellers.add(stored.merchantID);
  }
  return { total, ready, sellers: sellers.size, until };
}

/** No question to Square needs the client alone. */
const untried = (presented: string): string =>
  `The application is complete. Whether Square takes its ${presented} shows when the first seller is connected.`;

async function verdictOf(
  deps: ApplicationStatusDeps,
  key: Key,
  application: ApplicationView,
  sellers: number,
): Promise<Verdict> {
  const secret = deps.applications.clientSecret(application);
  if (secret.kind === 'Problem') {
    const missing = secret.unseen && (await missingSecret(deps.client, application.namespace, secret.unseen));
    if (missing === undefined) return stuck('ClientSecretNotFound', secret.message);
    const fault = { ready: false, stuck: missing.reason === 'WrongType', reason: 'ClientSecretNotFound' } as const;
    return { ...fault, message: `The client secret: ${missing.message}`, lookAgain: lookForSecretEvery };
  }
  const refusal = deps.applications.refusal(key);
  if (refusal !== undefined) {
    return refusal.disabled === true
      ? stuck('ClientDisabled', disabledMessage(application, refusal))
      : stuck('ClientRefused', refusedMessage(application, refusal));
  }
  const heldBack = heldBackFault(deps.heldBackTokens.rows(key));
  if (heldBack !== undefined) return stuck('RefreshTokensRefused', heldBack);
  const slowed = deps.turns.slowed(key);
  if (slowed !== undefined) {
    const { remedy } = applicationReasons.RateLimited;
    const message = `Square answers calls of this application with 429 (too many requests) since ${formatInstant(slowed.since)}: they are slowed down. ${remedy}`;
    return { ready: true, reason: 'RateLimited', message };
  }
  const most = application.spec?.maxAuthorizations ?? defaultMaxAuthorizations;
  if (sellers >= fullAt * most) {
    const message = `${sellers} sellers have authorized this application; Square allows ${most}. Ask Square for more before new sellers are refused.`;
    return { ready: true, reason: 'AuthorizationsNearLimit', message };
  }
  if (sellers > 0) return { ready: true, reason: 'Ready', message: 'The application can be used.' };
  const presented = secret.kind === 'None' ? 'client ID' : 'client ID and secret';
  return { ready: true, reason: 'Ready', message: untried(presented) };
}

const disabledMessage = ({ spec }: ApplicationView, { since }: ApplicationRefusal): string =>
  `Square has disabled the application ID ${spec?.clientID}, or it is too old for this API, since ${formatInstant(since)}. ${applicationReasons.ClientDisabled.remedy} No token of its connections can be checked or renewed until then.`;

/** Names what was presented, so that it can be compared with Square's Developer Console. */
function refusedMessage({ spec }: ApplicationView, { since }: ApplicationRefusal): string {
  const ref = spec?.clientSecretRef;
  const secret = ref && `the client secret in Secret ${ref.name}, key ${ref.key ?? defaultClientSecretKey}`;
  const presented = secret === undefined ? '' : ` with ${secret}`;
  const remedy =
    secret === undefined
      ? 'Compare it, and spec.environment, with Square’s developer console.'
      : 'Compare both, and spec.environment, with Square’s developer console, and put the current secret there.';
  return `Square refuses the application ID ${spec?.clientID}${presented}, since ${formatInstant(since)}. ${remedy} No connection can be renewed until then.`;
}

/** A fault that all connections of an application share is told once, here. */
function eventsOf({ namespace, name, uid, status: before }: ApplicationView, after: ApplicationStatus): EventNote[] {
  const was = before.conditions?.find(({ type }) => type === 'Ready');
  const now = after.conditions?.find(({ type }) => type === 'Ready');
  if (now === undefined || was?.reason === now.reason) return [];
  if (now.reason === 'Ready' && was?.status !== 'False') return [];
  const about = { resource: squareApplications, namespace, name, uid };
  const type = now.reason === 'Ready' ? 'Normal' : 'Warning';
  return [{ about, type, reason: now.reason, action: 'Ready', note: now.message }];
}
