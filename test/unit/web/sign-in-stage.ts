import type { ApplicationSpec } from '../../../src/api/application.ts';
import type { ConnectionSpec } from '../../../src/api/connection.ts';
import { createSquareTime, systemClock } from '../../../src/clock.ts';
import { projectConnection } from '../../../src/controller/projections.ts';
import type { Application } from '../../../src/domain/observation.ts';
import { token } from '../../../src/domain/token.ts';
import { KubeError } from '../../../src/kube/client.ts';
import { type KubeObject, keyFrom } from '../../../src/kube/resource.ts';
import type { SignInResult } from '../../../src/observability/port.ts';
import { projectEscrow } from '../../../src/secrets/escrow.ts';
import { projectGrantSecret } from '../../../src/secrets/grant-secret.ts';
import { projectIncoming } from '../../../src/secrets/incoming.ts';
import { createLiveRing } from '../../../src/secrets/live-ring.ts';
import { createIncomingSettlement } from '../../../src/secrets/settle-incoming.ts';
import { createSignIns } from '../../../src/web/sign-in.ts';
import type { Callback } from '../../../src/web/sign-in-port.ts';
import { anApplication } from '../../support/builders.ts';
import { createFakeClock } from '../../support/clock.ts';
import { createModelApiServer } from '../controller/model/api-server.ts';
import { createModelDisk, openModelJournal } from '../controller/model/journal.ts';
import { aKey } from '../secrets/fixtures.ts';
import { aStage } from '../simulator/stage.ts';
import { aClient } from '../square/stage.ts';

export const externalURL = 'https://square.example.com';

/** What the API server does to writes. */
export type ApiFault = 'Forbidden' | 'Unreachable' | 'AnswerLost';

const fault = (what: ApiFault): KubeError =>
  what === 'Forbidden'
    ? new KubeError({ status: 403, reason: 'Forbidden', message: 'exceeded quota: secrets', mayHaveActed: false })
    : new KubeError({ status: 0, reason: 'Unreachable', message: 'no answer', mayHaveActed: what === 'AnswerLost' });

/** One seller, one application and one connection; replicas of the operator's sign-in over one cluster and one Square. */
export async function aSignInStage({
  flow = 'Code',
  spec = {},
}: {
  readonly flow?: 'Code' | 'PKCE';
  readonly spec?: Partial<ConnectionSpec>;
} = {}) {
  const { simulator, application: at, seller } = await aStage();
  const redirectURL = `${externalURL}/oauth/callback`;
  const known = simulator.addApplication({ redirectURL });
  const { client: square, time } = aClient(simulator.url);
  const clock = createFakeClock(Date.now());
  const server = createModelApiServer(
    () => clock.wall(),
    () => {},
  );
  const trouble: { writes?: ApiFault; reads?: ApiFault } = {};
  const client = server.client(
    async ({ kind }, act) => {
      const what = kind === 'write' ? trouble.writes : trouble.reads;
      if (what === 'AnswerLost') act();
      if (what !== undefined) throw fault(what);
      return act();
    },
    () => {},
  );
  const log: { readonly level: string; readonly fields: object; readonly message: string }[] = [];
  const say = (level: string) => (fields: object, message: string) => void log.push({ level, fields, message });
  const logger = { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') };
  const ring = createLiveRing({ log: logger, material: [aKey()], inCluster: true });
  const disk = createModelDisk();
  const counted: SignInResult[] = [];
  const applicationSpec: ApplicationSpec = {
    environment: 'Production',
    clientID: known.clientID,
    flow,
    scopes: ['MERCHANT_PROFILE_READ'],
    ...(flow === 'PKCE' ? {} : { clientSecretRef: { name: 'pos' } }),
  };
  const resolved: { application: Application } = {
    application: anApplication({
      clientID: known.clientID,
      clientSecret: { kind: flow === 'PKCE' ? 'None' : 'Present' },
    }),
  };
  const connect = (fields: Partial<ConnectionSpec> = {}) =>
    server.put('squareconnections', {
      metadata: { name: 'bakery', namespace: 'shop' },
      spec: { applicationRef: { name: 'pos' }, ...spec, ...fields },
    });
  connect();
  const ref = () => ({
    namespace: 'shop',
    name: 'bakery',
    uid: server.find('squareconnections', 'bakery')?.metadata.uid ?? '',
  });
  const viewOf = <T>(plural: string, project: (object: KubeObject) => T, type?: string) => {
    const ours = () => server.all(plural).filter((object) => type === undefined || object['type'] === type);
    const entries = () => ours().map((object) => [keyFrom('shop', object.metadata.name), project(object)] as const);
    return { entries, get: (key: string) => entries().find(([one]) => one === key)?.[1] };
  };
  const views = {
    connections: viewOf('squareconnections', projectConnection),
    applications: { get: () => ({ spec: applicationSpec }) },
    grants: viewOf('secrets', projectGrantSecret, 'square-operator.dev/sealed-grant'),
    incoming: viewOf('secrets', projectIncoming, 'square-operator.dev/incoming-grant'),
    escrow: viewOf('secrets', projectEscrow, 'square-operator.dev/escrow'),
  };

  function replica() {
    const incoming = createIncomingSettlement({ client, clock, log: logger, ring, namespace: 'ops' });
    const journal = openModelJournal(disk, async (_, act) => act());
    const signIns = createSignIns({
      client,
      clock,
      log: logger,
      ring,
      journal,
      incoming,
      views,
      externalURL,
      applications: {
        resolve: async () => resolved.application,
        clientSecrets: () => (flow === 'PKCE' ? [] : [token(known.clientSecret)]),
      },
      squares: {
        Production: { baseURL: simulator.url, time },
        Sandbox: { baseURL: simulator.url, time: createSquareTime(systemClock) },
      },
      callsOf: () => square,
      metrics: { journalWritten() {}, signInCounted: (result) => void counted.push(result) },
    });
    return { signIns, incoming, journal };
  }

  const first = replica();

  /** What the browser brings back after the seller has allowed it. */
  async function signIn(merchantID = seller.merchantID) {
    const began = await first.signIns.begin(ref());
    if (!began.ok) throw new Error(began.why);
    const { callbackURL } = simulator.signIn({ authorizeURL: began.location, merchantID });
    const callback: Callback = Object.fromEntries(new URL(callbackURL).searchParams);
    return { ...began, callback };
  }
  const secrets = () => server.all('secrets').filter(({ type }) => type === 'square-operator.dev/incoming-grant');
  const pages = () => [...disk.pages.values()].flatMap((kept) => [...kept.values()]);
  const asked = () => simulator.requests.entries({ endpoint: 'token' }).length;
  const parts = {
    simulator,
    at,
    known,
    seller,
    clock,
    server,
    client,
    trouble,
    log,
    ring,
    disk,
    resolved,
    connect,
    ref,
  };
  return { ...parts, ...first, counted, applicationSpec, views, replica, signIn, secrets, pages, asked };
}

export type SignInStage = Awaited<ReturnType<typeof aSignInStage>>;
