import type { FastifyInstance } from 'fastify';
import { nothingHere, outcomeNotice } from './pages/notice.ts';
import { sellerPath } from './paths.ts';
import type { SignInOutcome } from './sign-in-port.ts';
import { type Site, seeOther, sendNotice } from './site.ts';

type Callback = { Querystring: Readonly<Record<string, unknown>> };

/** Where Square sends the browser back to, and where it goes from there. */
export function registerCallback(app: FastifyInstance, site: Site): void {
  const { base, sessions, cookies, signIns } = site;

  app.get<Callback>('/oauth/callback', async (request, reply) => {
    const text = (name: string) => {
      const value = request.query[name];
      return typeof value === 'string' ? value : undefined;
    };
    const given = { state: text('state'), code: text('code'), error: text('error') };
    const { state } = given;
    const before = state === undefined ? undefined : sessions.result(request, state);
    const outcome =
      before === undefined ? await signIns.complete(given, cookies.read(request, 'sign-in')) : again(before);
    // A code that is sent to Square twice may end what it gave: what is over cannot be completed from this browser once more.
    // By now the cookie may be that of a later sign-in.
    if (before === undefined && outcome.kind !== 'OtherBrowser') cookies.forget(reply, 'sign-in');
    sessions.leaveResult(reply, outcome, state);
    // Code and state are out of the address bar with this answer, whatever it was.
    const { connection } = outcome;
    const session = connection && sessions.seller(request, connection);
    if (connection === undefined || session?.ref.uid !== connection.uid) return seeOther(reply, `${base}/oauth/result`);
    if (outcome.kind === 'Connected') sessions.keepSeller(reply, session, outcome.merchantID);
    else if (outcome.kind === 'NotStored' && outcome.safe) sessions.keepSeller(reply, session, outcome.merchantID);
    return seeOther(reply, sellerPath(base, connection));
  });

  // For who has no session as the seller of the connection: it has ended, or is another browser's.
  app.get('/oauth/result', (request, reply) => {
    const outcome = sessions.result(request);
    if (outcome === undefined) return sendNotice(reply, site, 404, nothingHere);
    return sendNotice(reply, site, 200, outcomeNotice(outcome));
  });
}

/** A reload, or the way back: nobody is asked again. */
const again = (before: SignInOutcome): SignInOutcome =>
  before.kind === 'Connected' ? { kind: 'AlreadyUsed', connection: before.connection } : before;
