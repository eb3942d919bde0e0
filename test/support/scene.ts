import { annotations } from '../../src/api/names.ts';
import type { Duration } from '../../src/clock.ts';
import type { FaultSpec } from '../simulator/faults.ts';
import type { Simulator } from '../simulator/simulator.ts';
import { type Collection, collectionPath } from './live.ts';
import {
  aConnection,
  anApplication,
  aSecret,
  type StoredConnection,
  type StoredEvent,
  type StoredObject,
  type StoredSecret,
  textsOf,
} from './objects.ts';
import { idle } from './operator.ts';
import type { World } from './world.ts';

/** An application at Square and in the cluster. */
export interface App {
  readonly name: string;
  readonly namespace: string;
  readonly clientID: string;
  readonly clientSecret: string;
}

/** A connection with its seller, and the credential that it began with. */
export interface Party {
  readonly name: string;
  readonly merchantID: string;
  readonly clientID: string;
  readonly refreshToken: string;
  readonly credential: string;
}

export interface ConnectWish {
  readonly name?: string;
  readonly app?: App;
  readonly flow?: 'Code' | 'PKCE';
  readonly merchantID?: string;
  readonly scopes?: readonly string[];
  /** What to add to the spec. */
  readonly spec?: object;
  readonly metadata?: { readonly labels?: object; readonly annotations?: object };
}

/** `True`, `True/Reason`, or `absent`, by the condition's type. */
export type Looks = Readonly<Record<string, string>>;

/** What tests do and see, in the words of the field. */
export interface Scene {
  create(collection: Collection, object: { metadata: { namespace: string } }): Promise<void>;
  /** A merge patch by a person; `null` takes away. */
  edit(collection: Collection, name: string, patch: object, namespace?: string): Promise<void>;
  remove(collection: Collection, name: string, namespace?: string): Promise<void>;
  /** An application at Square, and a SquareApplication with its client secret. */
  application(name: string, spec?: object, namespace?: string): Promise<App>;
  /** A seller who has allowed the application, and a connection that begins with their refresh token. Does not wait. */
  connect(wish?: ConnectWish): Promise<Party>;
  /** The same, and resolves once it is ready. */
  connected(wish?: ConnectWish): Promise<Party>;
  /** A new authorization of the same seller, put into the connection's credential Secret. Gives the refresh token. */
  signInAgain(party: Party): Promise<string>;
  /** A fault at Square that strikes this seller alone; what is given ends it. */
  strike(party: Pick<Party, 'merchantID'>, fault: Omit<FaultSpec, 'merchantID'>): () => void;
  connection(name: string, namespace?: string): StoredConnection;
  status(name: string, namespace?: string): NonNullable<StoredConnection['status']>;
  /** Resolves once all those conditions are so. */
  becomes(name: string, looks: Looks, namespace?: string): Promise<StoredConnection>;
  secret(name: string): StoredSecret | undefined;
  /** The values of a Secret that is there. */
  values(name: string): Record<string, string>;
  events(name: string): StoredEvent[];
  /** Resolves with the event of that reason about the connection. */
  event(name: string, reason: string): Promise<StoredEvent>;
  /** Annotates with the time now, or with `value`; gives what was written. */
  request(name: string, intent: 'refresh' | 'disconnect' | 'adopt' | 'connect', value?: string): Promise<string>;
  /** Moves Square's clock and lets the operator learn of it; resolves when the one that leads has done what was due. */
  pass(time: Duration, square?: Simulator): Promise<void>;
  /** Resolves when the operator that leads has taken note of all that was written before, and has nothing to do now. */
  settle(): Promise<void>;
  /** How many token requests there were about the seller, faulty ones too. */
  tokenRequests(party: Pick<Party, 'merchantID'>): number;
  /** What Square was asked to end, about the seller: bodies of the requests, their tokens masked. */
  revocations(party: Pick<Party, 'merchantID'>): object[];
  /** How many requests of any kind there were about the seller. */
  calls(party: Pick<Party, 'merchantID'>): number;
}

const now = () => new Date().toISOString();

/** What a scene is played in: a world, or a part of one. */
export type Ground = Pick<World, 'api' | 'live' | 'square' | 'namespace' | 'operators'> &
  Partial<Pick<World, 'frontDoor'>>;

export function createScene(world: Ground): Scene {
  const { api, live, square, namespace: home } = world;
  let made = 0;
  let main: Promise<App> | undefined;
  let pulse: Promise<Party> | undefined;

  /** The tests' own view has caught up with what was written. */
  const seen = (collection: Collection, { metadata: { namespace, name, resourceVersion } }: StoredObject) =>
    live.until(`the tests see ${name}`, () =>
      live.versions(collection, namespace, name).some(({ metadata }) => metadata.resourceVersion === resourceVersion),
    );
  const create: Scene['create'] = async (collection, object) => {
    const path = collectionPath(collection, object.metadata.namespace);
    await seen(collection, await api.ask<StoredObject>('POST', path, { body: object }));
  };
  const edit: Scene['edit'] = async (collection, name, patch, namespace = home) => {
    const contentType = 'application/merge-patch+json';
    const path = `${collectionPath(collection, namespace)}/${name}`;
    await seen(collection, await api.ask<StoredObject>('PATCH', path, { body: patch, contentType }));
  };
  const connection: Scene['connection'] = (name, namespace = home) => {
    const found = live.get('connections', namespace, name);
    if (found === undefined) throw new Error(`there is no connection ${name}`);
    return found;
  };
  const status: Scene['status'] = (name, namespace) => connection(name, namespace).status ?? {};

  const application: Scene['application'] = async (name, spec = {}, namespace = home) => {
    const callback = world.frontDoor === undefined ? {} : { redirectURL: `${world.frontDoor.url}/oauth/callback` };
    const { clientID, clientSecret } = square.addApplication(callback);
    await create('secrets', aSecret(namespace, `${name}-client`, { 'client-secret': clientSecret }));
    await create('applications', anApplication(namespace, name, { clientID, ...spec }));
    return { name, namespace, clientID, clientSecret };
  };

  const connect: Scene['connect'] = async (wish = {}) => {
    const app = wish.app ?? (await (main ??= application('app')));
    const name = wish.name ?? `c${++made}`;
    const merchantID = wish.merchantID ?? square.addSeller({ businessName: `Bakery ${name}` }).merchantID;
    const { clientID } = app;
    const { flow = 'Code', scopes } = wish;
    const { refreshToken } = square.grant({ clientID, merchantID, flow, ...(scopes && { scopes }) });
    const credential = `${name}-credential`;
    await create('secrets', aSecret(home, credential, { token: refreshToken.value }));
    const spec = {
      applicationRef: { name: app.name, ...(app.namespace === home ? {} : { namespace: app.namespace }) },
      credential: { refreshToken: { secretRef: { name: credential, key: 'token' } } },
      ...wish.spec,
    };
    await create('connections', aConnection(home, name, spec, wish.metadata));
    return { name, merchantID, clientID, refreshToken: refreshToken.value, credential };
  };

  const becomes: Scene['becomes'] = (name, looks, namespace = home) =>
    live.until(`${name}: ${JSON.stringify(looks)}`, () => {
      const found = live.get('connections', namespace, name);
      return found !== undefined && matches(found, looks) && inStep(found, looks, namespace) && found;
    });
  /**
   * The watches of connections and of Secrets do not keep step: what is told to be valid and published was written before
   * it was told, but may be seen after.
   */
  function inStep({ status }: StoredConnection, looks: Looks, namespace: string): boolean {
    if (looks.Ready !== 'True/Valid') return true;
    const published = live.get('secrets', namespace, status?.secretName ?? '');
    return published?.metadata.annotations?.[annotations.revision] === String(status?.revision);
  }
  const connected: Scene['connected'] = async (wish) => {
    const party = await connect(wish);
    await becomes(party.name, { Ready: 'True/Valid' });
    return party;
  };

  const events: Scene['events'] = (name) => live.all('events', home).filter(({ regarding }) => regarding.name === name);

  const request: Scene['request'] = async (name, intent, value = now()) => {
    const annotation = annotations[`${intent}RequestedAt`];
    await edit('connections', name, { metadata: { annotations: { [annotation]: value } } });
    return value;
  };

  const settle: Scene['settle'] = async () => {
    const { name } = await (pulse ??= (async () =>
      connected({ name: 'pulse', app: await application('pulse-app') }))());
    const value = await request(name, 'refresh');
    await live.until('the pulse is felt', () => status(name).lastHandledRefreshRequest === value);
    // Of pods nothing but the pulse tells.
    if (world.operators.length === 0) return;
    // What others add beside it is not their work.
    const leader = world.operators.findLast((operator) => operator.isLeader());
    if (leader === undefined) throw new Error('no operator leads');
    await idle(leader);
  };

  return {
    create,
    edit,
    remove: async (collection, name, namespace = home) =>
      void (await api.ask('DELETE', `${collectionPath(collection, namespace)}/${name}`)),
    application,
    connect,
    connected,
    async signInAgain({ merchantID, clientID, credential }) {
      const { refreshToken } = square.grant({ clientID, merchantID });
      await edit('secrets', credential, { stringData: { token: refreshToken.value } });
      return refreshToken.value;
    },
    strike({ merchantID }, fault) {
      const id = square.faults.add({ ...fault, merchantID });
      return () => square.faults.remove(id);
    },
    connection,
    status,
    becomes,
    secret: (name) => live.get('secrets', home, name),
    values(name) {
      const found = live.get('secrets', home, name);
      if (found === undefined) throw new Error(`there is no Secret ${name}`);
      return textsOf(found);
    },
    events,
    event: (name, reason) =>
      live.until(`an event ${reason} about ${name}`, () => events(name).find((one) => one.reason === reason)),
    request,
    async pass(time, where = square) {
      where.clock.advance(time);
      await settle();
    },
    settle,
    tokenRequests: ({ merchantID }) => square.requests.entries({ endpoint: 'token', merchantID }).length,
    revocations: ({ merchantID }) =>
      square.requests.entries({ endpoint: 'revoke', merchantID }).map(({ body }) => body ?? {}),
    calls: ({ merchantID }) => square.requests.entries({ merchantID }).length,
  };
}

/** Whether the conditions of a connection are as wanted. */
export function matches({ status }: StoredConnection, looks: Looks): boolean {
  return Object.entries(looks).every(([type, wanted]) => {
    const found = status?.conditions?.find((condition) => condition.type === type);
    if (wanted === 'absent') return found === undefined;
    if (found === undefined) return false;
    return wanted.includes('/') ? wanted === `${found.status}/${found.reason}` : wanted === found.status;
  });
}
