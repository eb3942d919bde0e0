import type { FastifyInstance } from 'fastify';
import { squareConnections } from '../../../src/api/names.ts';
import { type Duration, formatInstant } from '../../../src/clock.ts';
import { readStatus } from '../../../src/domain/recall.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import { KubeError } from '../../../src/kube/client.ts';
import { type KubeObject, keyOf, type Resource } from '../../../src/kube/resource.ts';
import type { View } from '../../../src/kube/view.ts';
import { createLogger } from '../../../src/observability/logger.ts';
import { makeConnectLink } from '../../../src/secrets/connect-link.ts';
import type { ApplicationSeen, ConnectionSeen } from '../../../src/web/deps.ts';
import { createWeb } from '../../../src/web/server.ts';
import type { Began, SignInOutcome } from '../../../src/web/sign-in-port.ts';
import { aConnection } from '../../support/builders.ts';
import { createFakeClock, type FakeClock } from '../../support/clock.ts';
import { aRing } from '../secrets/fixtures.ts';

export const origin = 'https://square.example.com';

/** What somebody with a token may do, as RBAC would say it: `verb namespace/name`, `*` for any. */
export type Rights = readonly string[];

export interface House {
  readonly app: FastifyInstance;
  readonly clock: FakeClock;
  readonly log: string[];
  readonly objects: Map<string, KubeObject>;
  /** Patches in their order. */
  readonly patches: { readonly name: string; readonly patch: Readonly<Record<string, unknown>> }[];
  readonly events: { readonly reason: string; readonly note: string }[];
  /** Reviews that the API server was asked for. */
  readonly reviews: string[];
  readonly tokens: Map<string, { readonly user: string; readonly rights: Rights }>;
  readonly callbacks: { readonly callback: object; readonly cookie: string | undefined }[];
  outcome: SignInOutcome;
  began: Began;
  /** What the API server says instead of answering. */
  fault: KubeError | undefined;
  /** Makes a connection, in the cluster and in the watch. */
  add(namespace: string, name: string, object?: { readonly spec?: object; readonly status?: object }): KubeObject;
  /** A link for its seller, in its Secret. */
  link(namespace: string, name: string): string;
  /** A token for the audience (or for others), whose holder has those rights. */
  token(user: string, rights: Rights, audiences?: readonly string[]): string;
  browser(): Browser;
}

export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly location: string | undefined;
}

/** A browser: keeps cookies, sends forms as browsers do, and follows nothing by itself. */
export interface Browser {
  readonly cookies: Map<string, string>;
  get(path: string): Promise<Answer>;
  /** Posts the form of the page that was got last whose action ends so; `fields` besides. */
  submit(action: string, fields?: Readonly<Record<string, string>>): Promise<Answer>;
  post(
    path: string,
    fields: Readonly<Record<string, string>>,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Answer>;
}

export interface HouseOptions {
  readonly externalURL?: string;
  readonly clock?: FakeClock;
  /** How far Square's clock is behind; default: it is not. */
  readonly squareBehind?: Duration;
}

export async function openHouse({
  externalURL = origin,
  clock = createFakeClock(),
  squareBehind = 0,
}: HouseOptions = {}): Promise<House> {
  const ring = aRing();
  const connections = new Map<string, ConnectionSeen>();
  const applications = new Map<string, ApplicationSeen>();
  const house = {
    clock,
    log: [] as string[],
    objects: new Map(),
    patches: [],
    events: [],
    reviews: [],
    tokens: new Map(),
    callbacks: [],
    outcome: { kind: 'OtherBrowser' },
    began: {
      ok: true,
      location: 'https://connect.squareup.com/oauth2/authorize?state=s',
      cookie: 'sealed',
      expiresAt: clock.wall() + 600_000,
    },
    fault: undefined,
  } as unknown as House & { app: FastifyInstance };
  const app = await createWeb({
    client: fakeClient(house),
    clock,
    log: createLogger({ level: 'debug', clock, write: (line) => void house.log.push(line) }),
    ring,
    events: { record: (note) => void house.events.push(note), flush: async () => {}, dropped: 0 },
    connections: viewOf(connections),
    applications: viewOf(applications),
    signIns: {
      begin: async () => house.began,
      complete: async (callback, cookie) => {
        house.callbacks.push({ callback, cookie });
        return house.outcome;
      },
    },
    squareNow: () => clock.wall() - squareBehind,
    externalURL,
    squareURLs: ['https://connect.squareup.com', 'https://connect.squareupsandbox.com'],
  });
  applications.set('shop/pos', {
    namespace: 'shop',
    name: 'pos',
    spec: { environment: 'Production', clientID: 'sq0idp-x', scopes: ['MERCHANT_PROFILE_READ', 'ORDERS_WRITE'] },
  });
  const uidOf = (namespace: string, name: string) => `uid-${namespace}-${name}`;
  return Object.assign(house, {
    app,
    add(namespace: string, name: string, more: { readonly spec?: object; readonly status?: object } = {}) {
      const uid = uidOf(namespace, name);
      const spec = { applicationRef: { name: 'pos' }, ...more.spec };
      const metadata = {
        namespace,
        name,
        uid,
        resourceVersion: '1',
        generation: 1,
        creationTimestamp: formatInstant(clock.wall()),
      };
      const object = { metadata, spec, status: more.status ?? {} };
      house.objects.set(`${squareConnections.plural} ${namespace}/${name}`, object);
      connections.set(`${namespace}/${name}`, {
        connection: aConnection({ namespace, name, uid }, spec),
        stored: readStatus(object.status),
      });
      return object;
    },
    link(namespace: string, name: string) {
      const uid = uidOf(namespace, name);
      const expiresAt = clock.wall() + 3_600_000;
      const url = makeConnectLink(ring, externalURL, { namespace, name, uid }, expiresAt);
      house.objects.set(`secrets ${namespace}/${name}-connect-link`, {
        metadata: {
          namespace,
          name: `${name}-connect-link`,
          annotations: { 'square-operator.dev/expires-at': formatInstant(expiresAt) },
          ownerReferences: [{ apiVersion: 'square-operator.dev/v1alpha1', kind: squareConnections.kind, name, uid }],
        },
        type: 'square-operator.dev/connect-link',
        data: { url: Buffer.from(url).toString('base64') },
      });
      return new URL(url).pathname + new URL(url).search;
    },
    token(user: string, rights: Rights, audiences: readonly string[] = ['square-operator']) {
      const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
      const claims = { aud: audiences, exp: Math.floor(clock.wall() / 1_000) + 3_600, sub: user };
      const token = `${part({ alg: 'none' })}.${part(claims)}.signature`;
      house.tokens.set(token, { user, rights });
      return token;
    },
    browser: () => openBrowser(app, new URL(externalURL).origin),
  });
}

function viewOf<T>(map: ReadonlyMap<string, T>): View<T> {
  return { get: (key: string) => map.get(key), entries: () => map.entries() } as unknown as View<T>;
}

function fakeClient(house: House): KubeClient {
  const place = (resource: Resource, namespace: string | undefined, name: string) =>
    `${resource.plural} ${keyOf({ metadata: { namespace, name } })}`;
  const failing = () => {
    if (house.fault !== undefined) throw house.fault;
  };
  return {
    get: async (resource: Resource, namespace: string, name: string) => {
      failing();
      return house.objects.get(place(resource, namespace, name));
    },
    mergePatch: async (resource: Resource, namespace: string, name: string, patch: Record<string, unknown>) => {
      failing();
      house.patches.push({ name, patch });
      return house.objects.get(place(resource, namespace, name)) as KubeObject;
    },
    requestRaw: async (_method: string, path: string, body: { spec: ReviewSpec }) => {
      failing();
      house.reviews.push(path.split('/').at(-1) ?? '');
      return {
        status: 201,
        body: { status: path.endsWith('tokenreviews') ? review(house, body.spec) : access(house, body.spec) },
      };
    },
  } as unknown as KubeClient;
}

interface ReviewSpec {
  readonly token?: string;
  readonly audiences?: readonly string[];
  readonly user?: string;
  readonly resourceAttributes?: { readonly verb: string; readonly namespace?: string; readonly name?: string };
}

/** As the API server answers: only for a token that has the audience asked for. */
function review(house: House, { token = '', audiences = [] }: ReviewSpec): object {
  const known = house.tokens.get(token);
  const { aud = [] } = JSON.parse(Buffer.from(token.split('.')[1] ?? 'e30', 'base64url').toString() || '{}') as {
    aud?: string[];
  };
  const shared = audiences.filter((one) => aud.includes(one));
  if (known === undefined || shared.length === 0)
    return { authenticated: false, user: {}, error: 'invalid bearer token' };
  return { authenticated: true, audiences: shared, user: { username: known.user, groups: ['system:authenticated'] } };
}

function access(house: House, { user, resourceAttributes }: ReviewSpec): object {
  const { verb = '', namespace = '*', name = '*' } = resourceAttributes ?? {};
  const rights = [...house.tokens.values()].filter((one) => one.user === user).flatMap((one) => one.rights);
  const allowed = [`${verb} *`, `${verb} ${namespace}/*`, `${verb} ${namespace}/${name}`].some((right) =>
    rights.includes(right),
  );
  return { allowed };
}

export const unavailable = () =>
  new KubeError({ status: 0, reason: 'Unreachable', message: 'no answer', mayHaveActed: false });

function openBrowser(app: FastifyInstance, own: string): Browser {
  const cookies = new Map<string, string>();
  let page = '';
  const send = async (
    method: 'GET' | 'POST',
    path: string,
    headers: Readonly<Record<string, string>>,
    payload?: string,
  ) => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await app.inject({
      method,
      url: path,
      headers: { host: new URL(own).host, ...(cookie !== '' && { cookie }), ...headers },
      ...(payload !== undefined && { payload }),
    });
    for (const { name, value } of response.cookies) {
      if (value === '') cookies.delete(name);
      else cookies.set(name, value);
    }
    const location = response.headers.location;
    page = response.body;
    return { status: response.statusCode, text: response.body, headers: response.headers, location };
  };
  const post: Browser['post'] = (path, fields, headers = {}) =>
    send(
      'POST',
      path,
      {
        'content-type': 'application/x-www-form-urlencoded',
        'sec-fetch-site': 'same-origin',
        origin: 'null',
        ...headers,
      },
      new URLSearchParams(fields).toString(),
    );
  return {
    cookies,
    get: (path) => send('GET', path, { accept: 'text/html' }),
    post,
    submit(action, fields = {}) {
      const forms = [...page.matchAll(/<form method="post" action="([^"]+)"[^>]*>([\s\S]*?)<\/form>/g)];
      const [, to = '', body = ''] = forms.find(([, where]) => where?.endsWith(action)) ?? [];
      if (to === '') throw new Error(`no form leads to ${action}`);
      const hidden = [...body.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)">/g)];
      return post(to, { ...Object.fromEntries(hidden.map(([, name = '', value = '']) => [name, value])), ...fields });
    },
  };
}
