import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Cookies } from './cookies.ts';
import { createFormTokens, type FormTokens, formTokenField, isFromOurPages } from './csrf.ts';
import type { WebDeps } from './deps.ts';
import { createNewsroom, type Newsroom } from './live.ts';
import { type Frame, frame } from './pages/frame.ts';
import { type Notice, notice, notOurForm } from './pages/notice.ts';
import { basePath } from './paths.ts';
import { createReviews, type Reviews } from './reviews.ts';
import { createStaffOf, type StaffFound } from './rights.ts';
import { createSessions, type Sessions } from './sessions.ts';

/** What all routes share. */
export interface Site extends WebDeps {
  /** The path under which all pages lie; empty at the root of the host. */
  readonly base: string;
  readonly cookies: Cookies;
  readonly sessions: Sessions;
  readonly forms: FormTokens;
  readonly reviews: Reviews;
  readonly newsroom: Newsroom;
  staffOf(request: FastifyRequest): Promise<StaffFound>;
}

export function createSite(deps: WebDeps, cookies: Cookies): Site {
  const sessions = createSessions({ ...deps, cookies });
  const reviews = createReviews(deps);
  return {
    ...deps,
    base: basePath(deps.externalURL),
    cookies,
    sessions,
    reviews,
    forms: createFormTokens(deps.ring, deps.clock),
    newsroom: createNewsroom(deps.connections, deps.clock),
    staffOf: createStaffOf({ sessions, reviews, connections: deps.connections }),
  };
}

export const sendPage = (reply: FastifyReply, page: Frame, status = 200): FastifyReply =>
  reply.code(status).type('text/html; charset=utf-8').send(frame(page));

/** A page that says one thing. */
export const sendNotice = (
  reply: FastifyReply,
  { base }: Pick<Site, 'base'>,
  status: number,
  what: Notice,
  audience: Frame['audience'] = 'seller',
): FastifyReply => sendPage(reply, { title: what.title, main: notice(what), audience, base }, status);

/** To another page of ours, or to Square: the browser asks for it with GET. */
export const seeOther = (reply: FastifyReply, location: string): FastifyReply => reply.redirect(location, 303);

/** Whether a posted form is one of ours, shown to this session. Otherwise the answer is given. */
export function isOurForm(site: Site, request: FastifyRequest, reply: FastifyReply, session: string): boolean {
  const body = request.body as Readonly<Record<string, unknown>> | undefined;
  const origin = new URL(site.externalURL).origin;
  if (isFromOurPages(request, origin) && site.forms.check(session, body?.[formTokenField])) return true;
  sendNotice(reply, site, 403, notOurForm);
  return false;
}
