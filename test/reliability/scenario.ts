import { annotations } from '../../src/api/names.ts';
import { days, hours } from '../../src/clock.ts';
import { aConnection } from '../support/objects.ts';
import type { Party } from '../support/scene.ts';
import { pulse, pulseName } from './pulse.ts';
import type { Stage } from './stage.ts';

/** One thing that happens in the life of a connection. */
export interface Scenario {
  readonly name: string;
  /** Whether the refresh token works once (PKCE). */
  readonly singleUse: boolean;
  readonly replicas: 1 | 2;
  /** The first start of all is taken apart to the last read; elsewhere only what is written or asked by name. */
  readonly everyRead?: boolean;
  /** From `act` on the seller's tokens are dead, and the status may say so. */
  readonly revokes?: boolean;
  /** What was so before; not recorded. */
  prepare(stage: Stage): Promise<Party>;
  /** What sets it off. */
  act(stage: Stage, party: Party): Promise<void>;
  /** Whether it has come about, as the cluster and Square's ledger show. */
  reached(stage: Stage, party: Party): boolean;
}

/** The connection that every scenario is about. */
export const name = 'shop';
const flowOf = (singleUse: boolean) => (singleUse ? ('PKCE' as const) : ('Code' as const));
const kindOf = (singleUse: boolean) => (singleUse ? 'single-use' : 'multi-use');

/**
 * The connection is ready, and what is published is what Square issued last, for the `issued`th time at least; or one of the
 * `latest` of these.
 */
export function isFresh(stage: Stage, { merchantID }: Party, issued: number, latest = 1): boolean {
  const { live, namespace, square } = stage;
  const { metadata, status } = live.get('connections', namespace, name) ?? {};
  const published = live.get('secrets', namespace, name);
  if (status === undefined || published === undefined) return false;
  const ready = status.conditions?.find(({ type }) => type === 'Ready');
  const requests = square.ledger.tokenRequests({ merchantID, outcome: 'issued' });
  const token = Buffer.from(published.data?.['access-token'] ?? '', 'base64').toString();
  return (
    ready?.status === 'True' &&
    ready.reason === 'Valid' &&
    requests.length >= issued &&
    requests
      .slice(issued - 1)
      .slice(-latest)
      .some(({ accessToken }) => accessToken === token) &&
    published.metadata.annotations?.[annotations.revision] === String(status.revision) &&
    published.metadata.annotations[annotations.state] === undefined &&
    metadata?.annotations?.[annotations.refreshRequestedAt] === status.lastHandledRefreshRequest
  );
}

/** The operator runs, and has taken the connection up. */
export async function connected(stage: Stage, singleUse: boolean, spec: object = {}): Promise<Party> {
  await stage.start();
  const party = await stage.scene.connect({ name, flow: flowOf(singleUse), spec });
  await stage.live.until('the connection is ready', () => isFresh(stage, party, 1));
  return party;
}

/** A token that a person brings is taken up, by an operator that starts for the first time. */
export const firstStart: Scenario = {
  name: 'first start',
  singleUse: false,
  replicas: 1,
  everyRead: true,
  prepare: ({ scene }) => scene.connect({ name }),
  act: async (stage) => void (await stage.start()),
  reached: (stage, party) => isFresh(stage, party, 1),
};

export const takeUp = (singleUse: boolean): Scenario => ({
  name: `take-up, ${kindOf(singleUse)}`,
  singleUse,
  replicas: 1,
  async prepare(stage) {
    await stage.start();
    // The application first: what crosses for it is not of this scenario.
    const app = await stage.scene.application('app');
    await stage.live.until('the application is ready', () =>
      stage.live.get('applications', stage.namespace, 'app')?.status?.conditions?.some((one) => one.status === 'True'),
    );
    const { merchantID } = stage.square.addSeller();
    return { name, merchantID, clientID: app.clientID, refreshToken: '', credential: `${name}-credential` };
  },
  async act({ scene, namespace }, { merchantID, clientID }) {
    const app = { name: 'app', namespace, clientID, clientSecret: '' };
    await scene.connect({ name, merchantID, app, flow: flowOf(singleUse) });
  },
  reached: (stage, party) => isFresh(stage, party, 1),
});

/** Most of a week passes, and the operator learns of it by an answer of Square's. */
export const refreshDue = (singleUse: boolean): Scenario => ({
  name: `refresh when due, ${kindOf(singleUse)}`,
  singleUse,
  replicas: 1,
  async prepare(stage) {
    const party = await connected(stage, singleUse);
    await pulse(stage);
    await stage.scene.becomes(pulseName, { Ready: 'True/Valid' });
    return party;
  },
  async act(stage) {
    stage.square.clock.advance(days(6) + hours(23));
    await pulse(stage);
  },
  reached: (stage, party) => isFresh(stage, party, 2),
});

export const refreshAsked = (singleUse: boolean): Scenario => ({
  name: `refresh on request, ${kindOf(singleUse)}`,
  singleUse,
  replicas: 1,
  prepare: (stage) => connected(stage, singleUse),
  act: async ({ scene }) => void (await scene.request(name, 'refresh')),
  reached: (stage, party) => isFresh(stage, party, 2) || isRefused(stage, party),
});

/** The request was answered by a failure that the status tells of, and Square has issued nothing. */
function isRefused(stage: Stage, party: Party): boolean {
  const { metadata, status } = stage.live.get('connections', stage.namespace, name) ?? {};
  const asked = metadata?.annotations?.[annotations.refreshRequestedAt];
  const issued = stage.square.ledger.tokenRequests({ merchantID: party.merchantID, outcome: 'issued' }).length;
  const answered = asked !== undefined && status?.lastHandledRefreshRequest === asked;
  return answered && status.lastFailure !== undefined && issued === 1 && isFresh(stage, party, 1);
}

export const replacement = (singleUse: boolean): Scenario => ({
  name: `new credential, ${kindOf(singleUse)}`,
  singleUse,
  replicas: 1,
  prepare: (stage) => connected(stage, singleUse),
  async act({ scene, square }, { merchantID, clientID, credential }) {
    const { refreshToken } = square.grant({ clientID, merchantID, flow: flowOf(singleUse) });
    await scene.edit('secrets', credential, { stringData: { token: refreshToken.value } });
  },
  reached: (stage, party) => isFresh(stage, party, 2),
});

export const adoption: Scenario = {
  name: 'adoption of a retained grant',
  singleUse: true,
  replicas: 1,
  async prepare(stage) {
    const party = await connected(stage, true);
    const { scene, live, namespace } = stage;
    await scene.remove('connections', name);
    await live.until('the token is orphaned', () => {
      return live.get('secrets', namespace, name)?.metadata.annotations?.[annotations.state] === 'orphaned';
    });
    await scene.create('connections', aConnection(namespace, name, { applicationRef: { name: 'app' } }));
    await scene.becomes(name, { Ready: 'False/RetainedGrantFound' });
    return party;
  },
  act: async ({ scene }) => void (await scene.request(name, 'adopt')),
  reached: (stage, party) => isFresh(stage, party, 1),
};

/** The seller disconnects the application in the dashboard, and the token is verified some time later. */
export const revocation: Scenario = {
  name: 'revocation by the seller',
  singleUse: false,
  replicas: 1,
  revokes: true,
  async prepare(stage) {
    const party = await connected(stage, false);
    await pulse(stage);
    await stage.scene.becomes(pulseName, { Ready: 'True/Valid' });
    return party;
  },
  async act(stage, { clientID, merchantID }) {
    stage.square.disconnect({ clientID, merchantID });
    stage.square.clock.advance(hours(2));
    await pulse(stage);
  },
  reached: ({ live, namespace }) => {
    const conditions = live.get('connections', namespace, name)?.status?.conditions ?? [];
    const says = (type: string, status: string) => conditions.some((one) => one.type === type && one.status === status);
    const state = live.get('secrets', namespace, name)?.metadata.annotations?.[annotations.state];
    return says('Revoked', 'True') && says('Ready', 'False') && says('Valid', 'False') && state === 'revoked';
  },
};

/** A second replica stands by when a refresh is asked for. */
export const twoReplicas = (singleUse: boolean): Scenario => ({
  ...refreshAsked(singleUse),
  name: `refresh on request, ${kindOf(singleUse)}, two replicas`,
  replicas: 2,
  async prepare(stage) {
    const party = await connected(stage, singleUse);
    const standby = await stage.start(1);
    await stage.live.until('the other replica stands by', () => standby.log.join('').includes('operator started'));
    return party;
  },
  // With a token that works again both may ask: what the one that has lost the lease gets is dropped, and asked for by nobody.
  reached: (stage, party) => isFresh(stage, party, 2, singleUse ? 1 : 2) || isRefused(stage, party),
});
