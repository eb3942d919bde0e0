import type { FastifyInstance, FastifyRequest } from 'fastify';
import { html } from 'ghtml';
import { type Notice, nothingHere } from './pages/notice.ts';
import { sellerPath, staffPath } from './paths.ts';
import type { SignInOutcome } from './sign-in-port.ts';
import { type Site, seeOther, sendNotice } from './site.ts';
import { outcomeWords } from './words/outcomes.ts';

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
    const outcome = await signIns.complete(given, cookies.read(request, 'sign-in'));
    sessions.leaveResult(reply, outcome);
    // Code and state are out of the address bar with this answer, whatever it was.
    const { connection } = outcome;
    const own = connection !== undefined && sessions.seller(request, connection)?.ref.uid === connection.uid;
    return seeOther(reply, own ? sellerPath(base, connection) : `${base}/oauth/result`);
  });

  app.get('/oauth/result', (request, reply) => {
    const outcome = sessions.result(request);
    if (outcome === undefined) return sendNotice(reply, site, 404, nothingHere);
    return sendNotice(reply, site, 200, resultNotice(site, request, outcome));
  });
}

/** For who has no session as the seller of this connection: a member of staff, or somebody whose session has ended. */
function resultNotice({ base, sessions }: Site, request: FastifyRequest, outcome: SignInOutcome): Notice {
  const { tone, word, title, says, todo } = outcomeWords(outcome);
  const { connection } = outcome;
  const staff = connection !== undefined && sessions.staff(request) !== undefined;
  const actions = staff
    ? html`<a class="button plain" href="${staffPath(base, connection)}">Back to the connection</a>`
    : '';
  return { tone, word, title, says, todo, actions, detail: 'message' in outcome ? outcome.message : undefined };
}
