import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Instant } from '../clock.ts';

/** What the browser keeps for us. All of it is sealed, and none of it can be read by scripts. */
export interface Cookies {
  read(request: FastifyRequest, what: CookieName): string | undefined;
  write(reply: FastifyReply, what: CookieName, value: string, expiresAt: Instant): void;
  forget(reply: FastifyReply, what: CookieName): void;
  /** Forgets the earliest sellers' sessions but this one, so that there are at most so many with it. */
  makeRoom(request: FastifyRequest, reply: FastifyReply, what: SellerCookie, most: number): void;
}

/** Of sellers' sessions there is one for each connection: a browser may hold several. */
export type CookieName = 'staff' | 'sign-in' | 'result' | 'visit' | SellerCookie;

interface SellerCookie {
  readonly seller: { readonly namespace: string; readonly name: string };
}

/**
 * With https the names begin with `__Host-`, so that neither another path nor another host of the domain can set or see
 * them (RFC 6265bis, "Cookie name prefixes"). Plain http is for this machine alone, where browsers refuse that prefix.
 * `SameSite=Lax`, since the way back from Square is a navigation that comes from another site.
 */
export function createCookies(externalURL: string): Cookies {
  const secure = externalURL.startsWith('https:');
  const options = { path: '/', httpOnly: true, secure, sameSite: 'lax' } as const;
  const prefix = `${secure ? '__Host-' : ''}square-`;
  const nameOf = (what: CookieName) => prefix + (typeof what === 'string' ? what : of(what));
  return {
    read: (request, what) => request.cookies[nameOf(what)],
    write: (reply, what, value, expiresAt) =>
      void reply.setCookie(nameOf(what), value, { ...options, expires: new Date(expiresAt) }),
    forget: (reply, what) => void reply.clearCookie(nameOf(what), options),
    makeRoom(request, reply, what, most) {
      const isAnother = (name: string) => name.startsWith(`${prefix}seller-`) && name !== nameOf(what);
      const others = Object.keys(request.cookies).filter(isAnother);
      // Browsers send the earlier ones first (RFC 6265, section 5.4).
      for (const name of others.slice(0, Math.max(0, others.length - most + 1))) reply.clearCookie(name, options);
    },
  };
}

/** A connection's name may hold dots and be long; a digest of it is neither. */
const of = ({ seller: { namespace, name } }: SellerCookie): string =>
  `seller-${createHash('sha256').update(`${namespace}/${name}`).digest('hex').slice(0, 16)}`;
