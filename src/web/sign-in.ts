import { timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { type Environment, environment } from '../api/connection.ts';
import { type Clock, minutes } from '../clock.ts';
import { cleanCredential } from '../domain/token.ts';
import type { Log } from '../kube/log.ts';
import type { Counted, SignInResult } from '../observability/port.ts';
import { openFromBrowser, sealForBrowser } from '../secrets/browser-seal.ts';
import type { LiveKeyRing } from '../secrets/port.ts';
import { authorizationRequest } from './authorization-request.ts';
import { type CompleteDeps, finishSignIn } from './finish-sign-in.ts';
import { type MayNotSignIn, maySignIn } from './may-sign-in.ts';
import type { Began, Callback, ConnectionRef, SignInOutcome, SignIns } from './sign-in-port.ts';

export interface SignInDeps extends CompleteDeps {
  readonly ring: LiveKeyRing;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Pick<Counted, 'journalWritten' | 'signInCounted'>;
  readonly externalURL: string;
  readonly squares: CompleteDeps['squares'] & Readonly<Record<Environment, { readonly baseURL: string }>>;
}

/** From the beginning of a sign-in to its callback. */
const lasts = minutes(10);

const cookieContent = z.object({
  state: z.string(),
  verifier: z.string().exactOptional(),
  namespace: z.string(),
  name: z.string(),
  uid: z.string(),
  application: z.string(),
  environment,
  clientID: z.string(),
  redirectURL: z.string(),
});
/** What the browser keeps, sealed, between the two halves of a sign-in. */
export type SignInCookie = z.infer<typeof cookieContent>;

/** Sign-ins, and a way to wait for those under way. */
export interface RunningSignIns extends SignIns {
  /** Takes no further callback, and resolves when those under way are answered. */
  drain(): Promise<void>;
}

export function createSignIns(deps: SignInDeps): RunningSignIns {
  const { ring, clock, log, metrics } = deps;
  const underWay = new Set<Promise<SignInOutcome>>();
  let draining = false;

  async function begin(ref: ConnectionRef): Promise<Began> {
    const may = await maySignIn(deps, ref);
    if (!may.ok) return may;
    const { application, applicationSpec, spec } = may;
    if (ring.isEmpty) return notReady('There is no sealing key: restore it from a backup.');
    const square = deps.squares[application.environment];
    const request = authorizationRequest(square, deps.externalURL, applicationSpec, spec);
    const { namespace, name, uid } = ref;
    const { location, ...kept } = request;
    const content: SignInCookie = {
      ...kept,
      namespace,
      name,
      uid,
      application: application.ref,
      environment: application.environment,
      clientID: application.clientID,
    };
    const expiresAt = clock.wall() + lasts;
    return { ok: true, location, cookie: sealForBrowser(ring, 'sign-in', content, expiresAt), expiresAt };
  }

  async function complete(callback: Callback, cookie: string | undefined): Promise<SignInOutcome> {
    const opened = openFromBrowser(ring, 'sign-in', cookieContent, cookie, clock.wall());
    if (!opened.ok) return { kind: opened.why === 'Expired' ? 'Expired' : 'OtherBrowser' };
    const content = opened.value;
    const { namespace, name, uid } = content;
    const connection = { namespace, name, uid };
    if (!sameText(callback.state, content.state)) return { kind: 'OtherBrowser', connection };
    if (callback.error !== undefined) return { kind: 'Denied', connection };
    const code = cleanCredential(callback.code ?? '');
    if (!code.ok) return { kind: 'CodeRefused', connection };
    if (draining || ring.isEmpty) return { kind: 'NotStored', connection, safe: false };
    try {
      return await finishSignIn(deps, content, code.value);
    } catch (error) {
      log.error({ connection: `${namespace}/${name}`, err: error }, 'a sign-in could not be completed');
      return { kind: 'NotStored', connection, safe: false };
    }
  }

  return {
    async begin(ref) {
      const began = await begin(ref).catch((error: unknown) => {
        log.error({ connection: `${ref.namespace}/${ref.name}`, err: error }, 'a sign-in could not be begun');
        return notReady('The API server could not be asked whether the application allows the connection.');
      });
      metrics.signInCounted(began.ok ? 'Begun' : began.why);
      return began;
    },
    async complete(callback, cookie) {
      const work = complete(callback, cookie);
      underWay.add(work);
      const outcome = await work.finally(() => underWay.delete(work));
      metrics.signInCounted(resultOf(outcome));
      return outcome;
    },
    async drain() {
      draining = true;
      await Promise.all(underWay);
    },
  };
}

function resultOf(outcome: SignInOutcome): SignInResult {
  if (outcome.kind === 'Refused') return outcome.why;
  return outcome.kind === 'NotStored' && outcome.safe ? 'Waiting' : outcome.kind;
}

const notReady = (message: string): MayNotSignIn => ({ ok: false, why: 'ApplicationNotReady', message });

/** In constant time for texts of the same length. */
function sameText(given: string | undefined, wanted: string): boolean {
  const [a, b] = [Buffer.from(given ?? ''), Buffer.from(wanted)];
  return a.length === b.length && timingSafeEqual(a, b);
}
