import type { Duration, Instant } from '../../src/clock.ts';
import { type Actions, createActions } from './actions.ts';
import type { MachineTime, SimulatorClock } from './clock.ts';
import { createControl } from './control.ts';
import { createFaults, type FaultSpec, type Faults } from './faults.ts';
import { createLedger, type Ledger, type TokenRequestFilter } from './ledger.ts';
import { createRequestLog, type RequestLog } from './request-log.ts';
import type { Delivery, Environment } from './rows.ts';
import { listen } from './server.ts';
import type { Settings } from './settings.ts';
import { type Courier, createCourier } from './webhooks.ts';
import { createWorld, secretsOf } from './world.ts';

export type { FaultSpec } from './faults.ts';
export type { TokenRequestEntry } from './rows.ts';
export type { Settings } from './settings.ts';

export interface SimulatorOptions {
  /** Default 0: a free one. */
  readonly port?: number;
  /** Keeps everything but faults and the request log, across a kill too. */
  readonly stateFile?: string;
  /** Default `Production`, or what the state file is of. */
  readonly environment?: Environment;
  /** The machine's time that the simulator's clock runs with. */
  readonly clock?: MachineTime;
}

/** Square, of one environment, on a loopback port. */
export interface Simulator extends Actions {
  /** Base URL, for `--square-production-url` or `--square-sandbox-url`. */
  readonly url: string;
  readonly environment: Environment;
  readonly clock: SimulatorClock;
  readonly faults: Faults;
  readonly ledger: Ledger;
  readonly requests: RequestLog;
  readonly webhooks: Courier & { deliveries(): Delivery[] };
  settings(change?: Partial<Settings>): Settings;
  /** Every secret value that it ever issued or was set up with, for leak tests. */
  secrets(): string[];
  stop(): Promise<void>;
}

export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const { environment, stateFile, clock: machine } = options;
  const world = createWorld({ environment, stateFile, machine });
  const parts = {
    clock: world.clock,
    faults: createFaults(),
    ledger: createLedger(world),
    requests: createRequestLog(),
    actions: createActions(world),
    courier: createCourier(world),
    deliveries: () => [...world.deliveries.values()],
    settings: (change?: Partial<Settings>) => (change === undefined ? world.settings() : world.change(change)),
    secrets: () => secretsOf(world),
  };
  const { faults, requests: log, courier } = parts;
  const control = createControl(controlsOf(parts));
  const { server, port } = await listen({ world, faults, log, courier, control }, options.port ?? 0);
  const { actions, deliveries, ledger, settings, secrets } = parts;
  return {
    ...actions,
    url: `http://127.0.0.1:${port}`,
    environment: world.environment,
    clock: world.clock,
    faults,
    ledger,
    requests: log,
    settings,
    secrets,
    webhooks: { ...courier, deliveries },
    disconnect(who) {
      const event = actions.disconnect(who);
      courier.look();
      return event;
    },
    async stop() {
      await courier.stop();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      world.store.close();
    },
  };
}

interface Parts {
  readonly clock: SimulatorClock;
  readonly faults: Faults;
  readonly ledger: Ledger;
  readonly requests: RequestLog;
  readonly actions: Actions;
  readonly courier: Courier;
  readonly deliveries: () => Delivery[];
  readonly settings: Simulator['settings'];
  readonly secrets: Simulator['secrets'];
}

/** What is offered under `/_simulator/`. */
const controlsOf = ({ actions, clock, faults, ledger, requests, courier, ...parts }: Parts) => ({
  ...actions,
  clock: () => ({ now: clock.now() }),
  advanceClock({ by }: { by: Duration }) {
    clock.advance(numeric('by', by));
    return { now: clock.now() };
  },
  setClock({ to }: { to: Instant }) {
    clock.set(numeric('to', to));
    return { now: clock.now() };
  },
  settings: (change: Partial<Settings>) => parts.settings(change),
  addFault: (spec: FaultSpec) => ({ id: faults.add(spec) }),
  faultHits: ({ id }: { id: number }) => ({ hits: faults.hits(id) }),
  removeFault: ({ id }: { id: number }) => faults.remove(id),
  clearFaults: () => faults.clear(),
  tokenRequests: (filter: TokenRequestFilter) => ledger.tokenRequests(filter),
  spentAgain: () => ledger.spentAgain(),
  liveRefreshTokens: (filter: { clientID?: string; merchantID?: string }) => ledger.liveRefreshTokens(filter),
  requestsBySeller: () => ledger.requestsBySeller(),
  requests: (filter: Parameters<RequestLog['entries']>[0]) => requests.entries(filter),
  requestCounts: () => requests.counts(),
  clearRequests: () => requests.clear(),
  secrets: () => parts.secrets(),
  deliveries: () => parts.deliveries(),
  releaseWebhooks: ({ order = 'as sent' }: { order?: 'as sent' | 'reversed' }) => courier.release(order),
  disconnect(who: Parameters<Actions['disconnect']>[0]) {
    const event = actions.disconnect(who);
    courier.look();
    return event;
  },
});

function numeric(name: string, value: unknown): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new Error(`${name} is no number of milliseconds`);
  return value;
}
