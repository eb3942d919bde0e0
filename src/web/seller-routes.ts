import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { keyFrom } from '../kube/resource.ts';
import { isLinkThere, openConnectLink } from '../secrets/connect-link.ts';
import { applicationOf } from './application-of.ts';
import { leaveIntent } from './intents.ts';
import { isOutdated, type Look, lookAt, newsOf } from './look.ts';
import { askForLink, outcomeNotice, takenByAnother } from './pages/notice.ts';
import { confirmDisconnectPage, isMoving, sellerPage } from './pages/seller.ts';
import { isPlace, sellerPath } from './paths.ts';
import type { SellerSession } from './sessions.ts';
import type { ConnectionRef, SignInOutcome } from './sign-in-port.ts';
import { isOurForm, type Site, seeOther, sendNotice, sendPage } from './site.ts';

interface At {
  Params: { namespace: string; name: string };
  Querystring: Readonly<Record<string, unknown>>;
}

/** How often one address may ask for something: whoever has a link is a stranger, and each wish is a write to the cluster. */
const limited = { config: { rateLimit: { max: 120, timeWindow: '1 minute' } } };

/** The pages of sellers. Without a session they say the same of every address, whether there is such a connection or not. */
export function registerSellerRoutes(app: FastifyInstance, site: Site): void {
  const { base, sessions, forms, client } = site;

  /** The session and the connection that it is for, as it is now. Otherwise the answer is given. */
  async function admitted(
    request: FastifyRequest<At>,
    reply: FastifyReply,
  ): Promise<{ session: SellerSession; look: Look } | undefined> {
    const session = sessions.seller(request, request.params);
    if (session === undefined) return void withoutLink(reply);
    const look = await lookAt(client, session.ref);
    if (look?.ref.uid !== session.ref.uid) {
      sessions.closeSeller(reply, session.ref);
      return void withoutLink(reply);
    }
    if (await isGood(client, session, look)) return { session, look };
    if (isAnothers(session, look)) return void sendNotice(reply, site, 403, takenByAnother);
    // The link was used by somebody else while they were at Square: they read all the same what became of their sign-in.
    const outcome = outcomeOf(request, session.ref);
    const told = outcome === undefined || outcome.kind === 'Connected' ? askForLink : outcomeNotice(outcome);
    return void sendNotice(reply, site, 401, told);
  }
  const outcomeOf = (request: FastifyRequest, { uid }: ConnectionRef) => {
    const outcome = sessions.result(request);
    return outcome?.connection?.uid === uid ? outcome : undefined;
  };
  const withoutLink = (reply: FastifyReply) => sendNotice(reply, site, 401, askForLink);

  app.get<At>('/connect/:namespace/:name', async (request, reply) => {
    const { link } = request.query;
    if (link !== undefined) return await swapLink(site, request, reply, link);
    const found = await admitted(request, reply);
    return found === undefined ? reply : show(site, reply, found, outcomeOf(request, found.session.ref));
  });

  app.post<At>('/connect/:namespace/:name/authorize', limited, async (request, reply) => {
    const found = await admitted(request, reply);
    if (found === undefined || !isOurForm(site, request, reply, found.session.id)) return reply;
    return await beginSignIn(site, reply, found.session.ref);
  });

  app.get<At>('/connect/:namespace/:name/disconnect', async (request, reply) => {
    const found = await admitted(request, reply);
    if (found === undefined) return reply;
    const main = confirmDisconnectPage(base, found.look, forms.make(found.session.id));
    return sendPage(reply, { title: 'Disconnect', main, audience: 'seller', base });
  });

  app.post<At>('/connect/:namespace/:name/disconnect', limited, async (request, reply) => {
    const found = await admitted(request, reply);
    if (found === undefined || !isOurForm(site, request, reply, found.session.id)) return reply;
    const { ref } = found.session;
    if (found.look.pending.disconnect === undefined)
      await leaveIntent(site, { intent: 'disconnect', ref, by: 'the seller' });
    site.cookies.forget(reply, 'result');
    return seeOther(reply, sellerPath(base, ref));
  });

  app.get<At>('/connect/:namespace/:name/events', (request, reply) => {
    const session = sessions.seller(request, request.params);
    if (session === undefined) return reply.code(401).send();
    const key = keyFrom(session.ref.namespace, session.ref.name);
    return site.newsroom.stream(reply, {
      of: session.link,
      concerns: (keys) => Promise.resolve(keys.has(key)),
      allowed: async () => {
        if (session.expiresAt <= site.clock.wall()) return false;
        const look = await lookAt(client, session.ref);
        return look?.ref.uid === session.ref.uid && (await isGood(client, session, look));
      },
      missed: () => isOutdated(client, session.ref, request.query),
    });
  });
}

/**
 * Whether a session still stands: its link does, or its seller has signed in and it is their connection. So whoever opened a
 * link that was taken back, replaced, or used by somebody else can neither see nor end anything by it.
 */
async function isGood(client: Site['client'], { ref, link, signedIn }: SellerSession, look: Look): Promise<boolean> {
  const { merchantID } = look.told;
  const theirs = signedIn !== undefined && (merchantID === undefined || merchantID === signedIn.merchantID);
  return theirs || (await isLinkThere(client, ref, link));
}

/** Two sellers may sign in by one link at the same moment: both are stored, and one of them is taken up. */
const isAnothers = ({ signedIn }: SellerSession, { told: { merchantID } }: Look): boolean =>
  signedIn?.merchantID !== undefined && merchantID !== undefined && signedIn.merchantID !== merchantID;

/** The link is swapped for a session at once, and is out of the address bar. */
async function swapLink(
  site: Site,
  request: FastifyRequest<At>,
  reply: FastifyReply,
  link: unknown,
): Promise<FastifyReply> {
  const place = request.params;
  const text = typeof link === 'string' ? link : undefined;
  const opened = isPlace(place) ? await openConnectLink(site, place, text, site.clock.wall()) : undefined;
  if (opened?.ok === true) site.sessions.openSeller(request, reply, opened.connection, opened.digest);
  // Whoever comes by a link that has ended, and still has a session of it, sees the page all the same.
  return seeOther(reply, sellerPath(site.base, place));
}

/** On to Square, with what the callback needs in a cookie. */
async function beginSignIn(site: Site, reply: FastifyReply, ref: ConnectionRef): Promise<FastifyReply> {
  const began = await site.signIns.begin(ref);
  if (!began.ok) {
    const { why, message } = began;
    return sendNotice(reply, site, 409, outcomeNotice({ kind: 'Refused', connection: ref, why, message }));
  }
  site.cookies.write(reply, 'sign-in', began.cookie, began.expiresAt);
  return seeOther(reply, began.location);
}

function show(
  site: Site,
  reply: FastifyReply,
  { session, look }: { readonly session: SellerSession; readonly look: Look },
  outcome: SignInOutcome | undefined,
): FastifyReply {
  const { base } = site;
  const application = applicationOf(site.applications, look);
  const now = site.squareNow(application?.spec?.environment ?? look.spec?.environment);
  const formToken = site.forms.make(session.id);
  const main = sellerPage({ base, look, application, now, formToken, outcome });
  const again = isMoving({ look, outcome }) ? 3 : undefined;
  const live = newsOf(sellerPath(base, look.ref), look);
  return sendPage(reply, { title: 'Your connection', main, audience: 'seller', base, live, again });
}
