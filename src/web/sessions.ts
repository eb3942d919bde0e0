import { createHash, randomBytes } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { type Clock, hours, type Instant, minutes } from '../clock.ts';
import { type Token, token } from '../domain/token.ts';
import { openFromBrowser, sealForBrowser } from '../secrets/browser-seal.ts';
import type { KeyRing } from '../secrets/port.ts';
import type { CookieName, Cookies } from './cookies.ts';
import type { ConnectionRef, SignInOutcome } from './sign-in-port.ts';

/** Whoever opened a seller's link: for one connection, and for an hour, or until the link ends before they have signed in. */
export interface SellerSession {
  readonly id: string;
  readonly ref: ConnectionRef;
  /** Digest of the link. */
  readonly link: string;
  /** They have signed in since, which ends the link; as whom, where Square has said so. */
  readonly signedIn?: { readonly merchantID?: string | undefined } | undefined;
  readonly expiresAt: Instant;
}

/** Whoever gave a Kubernetes token. What it is worth is asked of the API server again and again. */
export interface StaffSession {
  readonly id: string;
  readonly token: Token;
  readonly expiresAt: Instant;
}

const reference = { namespace: z.string(), name: z.string(), uid: z.string() };
const sellerShape = z.object({
  kind: z.literal('seller'),
  id: z.string(),
  ...reference,
  link: z.string(),
  signedIn: z.object({ merchantID: z.string().optional() }).optional(),
});
const staffShape = z.object({ kind: z.literal('staff'), id: z.string(), token: z.string() });
const visitShape = z.object({ kind: z.literal('visit'), id: z.string() });
const outcomeShape = z.looseObject({ kind: z.string(), connection: z.object(reference).optional() });
const resultShape = z.object({ kind: z.literal('result'), of: z.string(), outcome: outcomeShape });

/** How long a seller's session lives. */
export const sellerSessionLife = hours(1);
/** Of one browser: with more, its requests would have longer headers than are taken. */
export const mostSellerSessions = 8;
/** The longest that a staff session lives; it ends with its token. */
export const staffSessionLife = hours(8);
const visitLife = hours(1);
const resultLife = minutes(5);

/** The longest token that fits, sealed, into a cookie. */
export const longestStaffToken = 2_600;

export interface Sessions {
  seller(request: FastifyRequest, place: Omit<ConnectionRef, 'uid'>): SellerSession | undefined;
  /** A browser that has opened many links forgets the first of them. */
  openSeller(request: FastifyRequest, reply: FastifyReply, ref: ConnectionRef, link: string): void;
  /** The seller of this session has signed in: it lives on without its link. */
  keepSeller(reply: FastifyReply, session: SellerSession, merchantID?: string): void;
  closeSeller(reply: FastifyReply, ref: Omit<ConnectionRef, 'uid'>): void;
  staff(request: FastifyRequest): StaffSession | undefined;
  /** `until`: when the token ends, where that is known. */
  openStaff(reply: FastifyReply, token: string, until?: Instant): void;
  closeStaff(reply: FastifyReply): void;
  /** Before anybody has signed in: what the token of the sign-in form is bound to. Begun where there is none. */
  visit(request: FastifyRequest, reply?: FastifyReply): string | undefined;
  /** What became of a sign-in, for the page that the browser is sent on to. */
  leaveResult(reply: FastifyReply, outcome: SignInOutcome, state?: string): void;
  /** With `state`: only if it is what became of that very sign-in. */
  result(request: FastifyRequest, state?: string): SignInOutcome | undefined;
}

export interface SessionsDeps {
  readonly ring: KeyRing;
  readonly clock: Pick<Clock, 'wall'>;
  readonly cookies: Cookies;
}

/** Sessions lie sealed in cookies, so that any replica reads them; the operator keeps none. */
export function createSessions({ ring, clock, cookies }: SessionsDeps): Sessions {
  const read = <T>(request: FastifyRequest, what: CookieName, shape: z.ZodType<T>) => {
    const opened = openFromBrowser(ring, 'session', shape, cookies.read(request, what), clock.wall());
    return opened.ok ? opened : undefined;
  };
  const write = (reply: FastifyReply, what: CookieName, value: object, expiresAt: Instant) =>
    cookies.write(reply, what, sealForBrowser(ring, 'session', value, expiresAt), expiresAt);
  const after = (life: number) => clock.wall() + life;
  return {
    seller(request, place) {
      const found = read(request, { seller: place }, sellerShape);
      if (found?.value.namespace !== place.namespace || found.value.name !== place.name) return undefined;
      const { id, namespace, name, uid, link, signedIn } = found.value;
      return { id, ref: { namespace, name, uid }, link, signedIn, expiresAt: found.expiresAt };
    },
    openSeller(request, reply, { namespace, name, uid }, link) {
      const what = { seller: { namespace, name } };
      cookies.makeRoom(request, reply, what, mostSellerSessions);
      const session = { kind: 'seller', id: newID(), namespace, name, uid, link };
      write(reply, what, session, after(sellerSessionLife));
    },
    keepSeller: (reply, { id, ref, link, expiresAt }, merchantID) =>
      write(
        reply,
        { seller: ref },
        { kind: 'seller', id, ...ref, link, signedIn: { ...(merchantID !== undefined && { merchantID }) } },
        expiresAt,
      ),
    closeSeller: (reply, place) => cookies.forget(reply, { seller: place }),
    staff(request) {
      const found = read(request, 'staff', staffShape);
      return found && { id: found.value.id, token: token(found.value.token), expiresAt: found.expiresAt };
    },
    openStaff: (reply, value, until = Number.POSITIVE_INFINITY) =>
      write(reply, 'staff', { kind: 'staff', id: newID(), token: value }, Math.min(after(staffSessionLife), until)),
    closeStaff: (reply) => cookies.forget(reply, 'staff'),
    visit(request, reply) {
      const known = read(request, 'visit', visitShape)?.value.id;
      if (known !== undefined || reply === undefined) return known;
      const id = newID();
      write(reply, 'visit', { kind: 'visit', id }, after(visitLife));
      return id;
    },
    leaveResult: (reply, outcome, state = '') =>
      write(reply, 'result', { kind: 'result', of: digest(state), outcome }, after(resultLife)),
    // Only this operator can have sealed it, so it is what `leaveResult` was given.
    result(request, state) {
      const found = read(request, 'result', resultShape)?.value;
      if (found === undefined || (state !== undefined && found.of !== digest(state))) return undefined;
      return found.outcome as SignInOutcome;
    },
  };
}

const digest = (state: string) => createHash('sha256').update(state).digest('base64url');
const newID = () => randomBytes(16).toString('base64url');
