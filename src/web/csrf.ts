import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { type Clock, hours } from '../clock.ts';
import { openFromBrowser, sealForBrowser } from '../secrets/browser-seal.ts';
import type { KeyRing } from '../secrets/port.ts';

/** The name of the hidden field in every form. */
export const formTokenField = 'form_token';

/** Proof that a form is one of ours, and was shown to this session. */
export interface FormTokens {
  make(session: string): string;
  check(session: string, given: unknown): boolean;
}

const shape = z.object({ session: z.string() });
const life = hours(9);

export function createFormTokens(ring: KeyRing, clock: Pick<Clock, 'wall'>): FormTokens {
  return {
    make: (session) => sealForBrowser(ring, 'csrf', { session }, clock.wall() + life),
    check(session, given) {
      const opened = openFromBrowser(ring, 'csrf', shape, typeof given === 'string' ? given : undefined, clock.wall());
      return opened.ok && opened.value.session === session;
    },
  };
}

/**
 * Whether the browser says that one of our own pages sent the request (Fetch Metadata; RFC 6454). Under our referrer
 * policy browsers send `Origin: null` with forms, so that word counts for nothing either way; the form token decides then.
 */
export function isFromOurPages({ headers }: Pick<FastifyRequest, 'headers'>, origin: string): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin';
  const given = headers.origin;
  return given === undefined || given === 'null' || given === origin;
}
