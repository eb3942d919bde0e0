import { randomBytes } from 'node:crypto';
import type { Environment } from '../api/connection.ts';
import { sealedSecretName } from '../api/names.ts';
import { type Clock, type SquareTime, seconds, sleep } from '../clock.ts';
import { type Failure, isTransient } from '../domain/failure.ts';
import type { Grant } from '../domain/grant.ts';
import { type Token, token } from '../domain/token.ts';
import { wantedToken } from '../domain/wanted.ts';
import type { KubeClient } from '../kube/client.ts';
import type { Log } from '../kube/log.ts';
import { secrets } from '../kube/resource.ts';
import type { Counted } from '../observability/port.ts';
import { openGrantAt } from '../secrets/grant.ts';
import { projectGrantSecret } from '../secrets/grant-secret.ts';
import { claimSignIn, type IncomingPlace, incomingPlace, removeIncoming, takenOf } from '../secrets/incoming.ts';
import { type Journal, type JournalPage, JournalUnwritable } from '../secrets/journal.ts';
import { sealIssued } from '../secrets/journal-record.ts';
import type { Binding } from '../secrets/port.ts';
import type { IncomingSettlement } from '../secrets/settle-incoming.ts';
import { exchangeCode, type SignIn } from '../square/exchange-code.ts';
import type { Outcome, SquareClient, TokenReply } from '../square/port.ts';
import { type MaySignIn, type MaySignInDeps, maySignIn, sellersComing } from './may-sign-in.ts';
import type { SignInCookie } from './sign-in.ts';
import type { ConnectionRef, SignInOutcome } from './sign-in-port.ts';

export interface CompleteDeps extends MaySignInDeps {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly log: Log;
  readonly journal: Journal;
  readonly incoming: IncomingSettlement;
  readonly squares: Readonly<Record<Environment, { readonly time: SquareTime }>>;
  /** Square, charged to the application's budget but ahead of everything else: a person waits. */
  readonly callsOf: (application: string, environment: Environment) => SquareClient;
  readonly metrics: Pick<Counted, 'journalWritten'>;
}

/** So long the person waits for the cluster to take the grant; then it is stored behind their back. */
const patience = seconds(10);

/** Pauses between attempts to reach Square, as long as it surely has not seen the code. */
const pauses = [seconds(1), seconds(3)];

/**
 * The second half of a sign-in, its state proven. In this order: whether the connection still takes it; a page of the
 * journal; the claim, so that no other callback exchanges the code; the exchange, whose answer is on the disk before
 * anybody looks into it; whose it is; and then the sealed grant in the cluster. May reject only before the code is sent.
 */
export async function finishSignIn(deps: CompleteDeps, cookie: SignInCookie, code: Token): Promise<SignInOutcome> {
  const { namespace, name, uid } = cookie;
  const connection: ConnectionRef = { namespace, name, uid };
  const may = await maySignIn(deps, connection, { suspended: true });
  if (!may.ok) return { kind: 'Refused', connection, why: may.why, message: may.message };
  const { application } = may;
  if (application.ref !== cookie.application || application.clientID !== cookie.clientID) {
    const message = `The connection got another application since the sign-in was begun: ${application.ref}.`;
    return { kind: 'Refused', connection, why: 'ApplicationNotReady', message };
  }
  const client = asClient(cookie.verifier, deps.applications.clientSecrets(application.ref));
  if (client === undefined) {
    const message = `SquareApplication ${application.ref} has no client secret that can be read.`;
    return { kind: 'ApplicationFault', connection, message };
  }
  const place = incomingPlace(connection, cookie.state);
  const page = await pageFor(deps, connection);
  if (page === undefined) return { kind: 'NotStored', connection, safe: false };
  const claimed = await claimSignIn(deps.client, place, randomBytes(16).toString('hex'));
  if (claimed.kind !== 'Claimed') {
    await page.discard();
    if (claimed.kind === 'Used') return { kind: 'AlreadyUsed', connection };
    deps.log.error({ connection: `${namespace}/${name}`, why: claimed.message }, 'a sign-in could not be claimed');
    return { kind: 'NotStored', connection, safe: false };
  }
  const before = await wasTakenUp(deps, place).catch(() => undefined);
  if (before !== false) {
    await page.discard();
    await removeIncoming(deps.client, namespace, place.secret, claimed.held).catch(() => {});
    return before === true ? { kind: 'AlreadyUsed', connection } : { kind: 'NotStored', connection, safe: false };
  }
  return await exchange(deps, { may, cookie, client, connection, place, page }, code);
}

/**
 * Whether this sign-in was taken up before, and its Secret removed: the record remembers it. Asked of the API server after
 * the claim: the record was written before that Secret was removed, and that before the claim could be made anew.
 */
async function wasTakenUp({ client, ring }: CompleteDeps, { namespace, connection, secret }: IncomingPlace) {
  const object = await client.get(secrets, namespace, sealedSecretName(connection));
  const { jwe } = object === undefined ? {} : projectGrantSecret(object);
  const opened = jwe === undefined ? undefined : openGrantAt(ring, { namespace, name: connection }, jwe);
  return opened?.ok === true && opened.value.taken.includes(takenOf(secret));
}

async function pageFor({ journal, log }: CompleteDeps, { namespace, name }: ConnectionRef) {
  try {
    return await journal.page(randomBytes(16).toString('hex'));
  } catch (error) {
    if (!(error instanceof JournalUnwritable)) throw error;
    log.error({ connection: `${namespace}/${name}`, err: error }, 'a sign-in is refused, since nothing would keep it');
    return undefined;
  }
}

/** How Square knows the application: by its secret, or in PKCE by the verifier of this sign-in (RFC 7636). */
type AsClient = { readonly codeVerifier: Token } | { readonly clientSecrets: readonly [Token, ...Token[]] };

function asClient(verifier: string | undefined, [first, ...rest]: readonly Token[]): AsClient | undefined {
  if (verifier !== undefined) return { codeVerifier: token(verifier) };
  return first === undefined ? undefined : { clientSecrets: [first, ...rest] };
}

interface UnderWay {
  readonly may: MaySignIn;
  readonly cookie: SignInCookie;
  readonly client: AsClient;
  readonly connection: ConnectionRef;
  readonly place: IncomingPlace;
  readonly page: JournalPage;
}

async function exchange(deps: CompleteDeps, underWay: UnderWay, code: Token): Promise<SignInOutcome> {
  const { may, cookie, client, connection, place, page } = underWay;
  const { application, spec } = may;
  const { environment, clientID } = application;
  const binding: Binding = { namespace: place.namespace, name: place.connection, environment, clientID };
  let kept = false;
  const keep = async (reply: TokenReply) => {
    kept = true;
    await keepAnswer(deps, binding, underWay, reply);
  };
  const signIn: SignIn = {
    ...client,
    connectionUID: place.uid,
    environment,
    clientID,
    spec,
    code,
    taken: takenOf(place.secret),
    redirectURI: cookie.redirectURL,
  };
  const square = deps.callsOf(application.ref, environment);
  const { time } = deps.squares[environment];
  const outcome = await reaching(deps.clock, () => exchangeCode({ square, time, clock: deps.clock, keep }, signIn));
  if (outcome.ok) return await granted(deps, binding, underWay, outcome.value);
  // An answer that was not understood stays in the journal: a later version may.
  if (!kept) await page.discard();
  const { failure } = outcome;
  const about = { connection: `${place.namespace}/${place.connection}`, reason: failure.reason, why: failure.message };
  deps.log.warn(about, 'the code of a sign-in gave no grant');
  return refusal(connection, failure);
}

/** Puts Square's answer on the disk. When that fails the answer is still in hand, and is stored in the cluster next. */
async function keepAnswer(
  deps: CompleteDeps,
  binding: Binding,
  { may, place, page }: UnderWay,
  reply: TokenReply,
): Promise<void> {
  const began = deps.clock.monotonic();
  try {
    const issued = {
      binding,
      connectionUID: place.uid,
      grantType: reply.grantType,
      body: reply.body,
      issuedAt: reply.at ?? deps.squares[binding.environment].time.now(),
      after: 0,
      requested: wantedToken(may.spec),
      taken: takenOf(place.secret),
      incoming: place.secret,
    };
    await page.keep(sealIssued(deps.ring, issued));
    deps.metrics.journalWritten(deps.clock.monotonic() - began);
  } catch (error) {
    const connection = `${binding.namespace}/${binding.name}`;
    deps.log.error({ connection, err: error }, 'an answer of Square is not in the journal');
  }
}

/** Once more while Square surely has not seen the code. */
async function reaching(clock: Clock, ask: () => Promise<Outcome<Grant>>): Promise<Outcome<Grant>> {
  let outcome = await ask();
  for (const pause of pauses) {
    if (outcome.ok || !isTransient(outcome.failure) || outcome.failure.maybeActed) break;
    await sleep(clock, pause);
    outcome = await ask();
  }
  return outcome;
}

async function granted(
  deps: CompleteDeps,
  binding: Binding,
  { may, connection, place, page }: UnderWay,
  grant: Grant,
): Promise<SignInOutcome> {
  const { merchantID } = grant;
  const pins = may.merchantID === undefined ? sellersComing(deps, binding, place.uid) : new Set([may.merchantID]);
  if (merchantID !== undefined && pins.size > 0 && !pins.has(merchantID)) {
    await page.discard();
    return { kind: 'OtherMerchant', connection };
  }
  const whose = merchantID === undefined ? {} : { merchantID };
  const settled = await deps.incoming.store({ place, binding, grant, settled: () => page.discard() }, patience);
  switch (settled) {
    case 'Stored':
      deps.log.info({ connection: `${place.namespace}/${place.connection}` }, 'a seller has signed in');
      return { kind: 'Connected', connection, issuedAt: grant.accessToken.issuedAt, ...whose };
    case 'Gone':
      return { kind: 'Refused', connection, why: 'ConnectionGone', message: 'The connection was deleted.' };
    case 'Escrowed':
    case 'Waiting':
      return { kind: 'NotStored', connection, safe: true, ...whose };
  }
}

function refusal(connection: ConnectionRef, failure: Failure): SignInOutcome {
  const { message } = failure;
  if (failure.class === 'CodeRefused') return { kind: 'CodeRefused', connection };
  if (failure.class === 'ClientRefused') return { kind: 'ApplicationFault', connection, message };
  const unreachable = isTransient(failure) && failure.class !== 'Unknown';
  return { kind: unreachable ? 'SquareUnreachable' : 'SquareRefused', connection, message };
}
