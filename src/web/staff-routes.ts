import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { keyFrom, splitKey } from '../kube/resource.ts';
import { findConnectLink } from '../secrets/connect-link.ts';
import { applicationOf } from './application-of.ts';
import { type Intent, leaveIntent } from './intents.ts';
import { listConnections, readListQuery, versionOf, writeListQuery } from './list.ts';
import { isOutdated, type Look, lookAt, newsOf } from './look.ts';
import { type Notice, nothingHere } from './pages/notice.ts';
import { confirmStaffDisconnectPage, linkIsComing } from './pages/staff-actions.ts';
import { staffConnectionPage } from './pages/staff-connection.ts';
import { staffListPage } from './pages/staff-list.ts';
import { signedIn } from './pages/staff-sign-in.ts';
import { isPlace, staffPath } from './paths.ts';
import type { Staff } from './rights.ts';
import { isOurForm, type Site, seeOther, sendNotice, sendPage } from './site.ts';
import { turnAway } from './staff-session-routes.ts';

interface At {
  Params: { namespace: string; name: string };
}

const intents: readonly Intent[] = ['refresh', 'suspend', 'resume', 'disconnect', 'connect'];

/** The pages of the platform team: what the cluster's own rights let each of them see and do, and no hint of more. */
export function registerStaffRoutes(app: FastifyInstance, site: Site): void {
  const { base } = site;

  app.get('/connections', async (request, reply) => {
    const found = await site.staffOf(request);
    if (found.kind !== 'Staff') return turnAway(site, request, reply, found);
    return await showList(site, request, reply, found.staff);
  });

  app.get<{ Querystring: Readonly<Record<string, unknown>> }>('/connections/events', async (request, reply) => {
    const found = await site.staffOf(request);
    if (found.kind !== 'Staff') return reply.code(401).send();
    return site.newsroom.stream(reply, {
      of: found.staff.session,
      concerns: async (keys) => {
        const visible = await found.staff.visible();
        return [...keys].some((key) => visible(splitKey(key).namespace ?? ''));
      },
      allowed: async () => (await site.staffOf(request)).kind === 'Staff',
      missed: async () => {
        const { shown, ...query } = request.query;
        return versionOf(listConnections(site, await found.staff.visible(), readListQuery(query))) !== shown;
      },
    });
  });

  app.get<At>('/connections/:namespace/:name', async (request, reply) => {
    const found = await admitted(site, request, reply, 'get');
    return found === undefined ? reply : await showConnection(site, reply, found);
  });

  app.get<At>('/connections/:namespace/:name/events', async (request, reply) => {
    const found = await admitted(site, request, reply, 'get');
    if (found === undefined) return reply;
    const { namespace, name } = found.look.ref;
    return site.newsroom.stream(reply, {
      of: found.staff.session,
      concerns: (keys) => Promise.resolve(keys.has(keyFrom(namespace, name))),
      allowed: async () => {
        const now = await site.staffOf(request);
        return now.kind === 'Staff' && (await now.staff.may('get', namespace, name));
      },
      missed: () => isOutdated(site.client, { namespace, name }, request.query),
    });
  });

  app.get<At>('/connections/:namespace/:name/disconnect', async (request, reply) => {
    const found = await admitted(site, request, reply, 'patch');
    if (found === undefined) return reply;
    const main = confirmStaffDisconnectPage(base, found.look, site.forms.make(found.staff.session));
    return sendPage(reply, { title: 'Disconnect', main, audience: 'staff', base, aside: asideOf(site, found.staff) });
  });

  for (const intent of intents) {
    app.post<At>(`/connections/:namespace/:name/${intent}`, async (request, reply) => {
      const found = await admitted(site, request, reply, 'patch');
      if (found === undefined || !isOurForm(site, request, reply, found.staff.session)) return reply;
      const { ref } = found.look;
      await leaveIntent(site, { intent, ref, by: found.staff.user });
      return seeOther(reply, staffPath(base, ref));
    });
  }
}

interface Admitted {
  readonly staff: Staff;
  readonly look: Look;
  readonly mayChange: boolean;
}

const mayOnlyLook: Notice = {
  tone: 'warn',
  word: 'Not allowed',
  title: 'You may look, but not change this',
  says: 'The cluster does not let you patch this connection. Nothing was changed.',
};

/**
 * Who asks, and the connection if they may see it. Otherwise the answer is given: the same for a connection that is not
 * there and for one that they may not see.
 */
async function admitted(
  site: Site,
  request: FastifyRequest<At>,
  reply: FastifyReply,
  verb: 'get' | 'patch',
): Promise<Admitted | undefined> {
  const found = await site.staffOf(request);
  if (found.kind !== 'Staff') return void turnAway(site, request, reply, found);
  const { staff } = found;
  const { namespace, name } = request.params;
  const look =
    isPlace(request.params) && (await staff.may('get', namespace, name))
      ? await lookAt(site.client, { namespace, name })
      : undefined;
  if (look === undefined) return void sendNotice(reply, site, 404, nothingHere, 'staff');
  const mayChange = await staff.may('patch', namespace, name);
  if (verb === 'get' || mayChange) return { staff, look, mayChange };
  return void sendNotice(reply, site, 403, mayOnlyLook, 'staff');
}

const asideOf = ({ base, forms }: Site, { user, session }: Staff): string => signedIn(base, user, forms.make(session));

async function showList(site: Site, request: FastifyRequest, reply: FastifyReply, staff: Staff): Promise<FastifyReply> {
  const { base } = site;
  const query = readListQuery(request.query);
  const listed = listConnections(site, await staff.visible(), query);
  const main = staffListPage({ base, query, listed, squareNow: site.squareNow });
  const shown = new URLSearchParams({ ...writeListQuery(query), shown: versionOf(listed) });
  const live = `${base}/connections/events?${shown.toString()}`;
  return sendPage(reply, { title: 'All', main, audience: 'staff', base, live, aside: asideOf(site, staff) });
}

async function showConnection(
  site: Site,
  reply: FastifyReply,
  { staff, look, mayChange }: Admitted,
): Promise<FastifyReply> {
  const { base } = site;
  const application = applicationOf(site.applications, look);
  const view = {
    base,
    look,
    application,
    mayChange,
    now: site.squareNow(application?.spec?.environment ?? look.spec?.environment),
    wall: site.clock.wall(),
    formToken: site.forms.make(staff.session),
    link: mayChange ? await findConnectLink(site, look.ref, site.clock.wall()) : undefined,
  };
  const again = linkIsComing(view) ? 2 : undefined;
  const live = newsOf(staffPath(base, look.ref), look);
  const title = `${look.ref.namespace}/${look.ref.name}`;
  const main = staffConnectionPage(view);
  return sendPage(reply, { title, main, audience: 'staff', base, live, again, aside: asideOf(site, staff) });
}
