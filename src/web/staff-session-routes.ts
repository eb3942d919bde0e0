import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { token as conceal } from '../domain/token.ts';
import { type SignInProblem, staffSignInPage } from './pages/staff-sign-in.ts';
import { endOfToken } from './reviews.ts';
import type { StaffFound } from './rights.ts';
import { longestStaffToken } from './sessions.ts';
import { isOurForm, type Site, seeOther, sendPage } from './site.ts';

type SignInForm = { Body: Readonly<Record<string, unknown>> | undefined };

/** How often one address may try a token. */
const tries = { max: 20, timeWindow: '1 minute' };

/** Signing in and out of the platform team. */
export function registerStaffSession(app: FastifyInstance, site: Site): void {
  const { base, sessions, reviews } = site;

  app.post<SignInForm>('/connections/sign-in', { config: { rateLimit: tries } }, async (request, reply) => {
    if (!isOurForm(site, request, reply, sessions.visit(request) ?? '')) return reply;
    const given = request.body?.['token'];
    const token = typeof given === 'string' ? given.replaceAll(/\s/g, '') : '';
    if (token.length > longestStaffToken) return showSignIn(site, request, reply, 'TooLong');
    const { kind } = await reviews.who(conceal(token));
    if (kind !== 'Known') return showSignIn(site, request, reply, kind);
    sessions.openStaff(reply, token, endOfToken(token));
    return seeOther(reply, `${base}/connections`);
  });

  app.post('/connections/sign-out', (request, reply) => {
    const session = sessions.staff(request);
    if (session !== undefined && !isOurForm(site, request, reply, session.id)) return reply;
    sessions.closeStaff(reply);
    return seeOther(reply, `${base}/connections`);
  });
}

/** The form, for whoever is not, or no longer, known. A session whose token is refused is over. */
export function showSignIn(
  site: Site,
  request: FastifyRequest,
  reply: FastifyReply,
  problem?: SignInProblem,
): FastifyReply {
  const visit = site.sessions.visit(request, reply) ?? '';
  const main = staffSignInPage({ base: site.base, formToken: site.forms.make(visit), problem });
  const status = problem === 'Unavailable' || problem === 'NotPermitted' ? 503 : 401;
  return sendPage(reply, { title: 'Sign in', main, audience: 'staff', base: site.base }, status);
}

/** What somebody sees whose session is not, or no longer, good. */
export function turnAway(
  site: Site,
  request: FastifyRequest,
  reply: FastifyReply,
  found: Exclude<StaffFound, { kind: 'Staff' }>,
): FastifyReply {
  if (found.kind === 'Refused' || found.kind === 'OtherAudience') {
    site.sessions.closeStaff(reply);
    return showSignIn(site, request, reply, 'Ended');
  }
  return showSignIn(site, request, reply, found.kind === 'None' ? undefined : found.kind);
}
