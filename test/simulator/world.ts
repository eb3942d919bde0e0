import { createSimulatorClock, type MachineTime, type SimulatorClock } from './clock.ts';
import { createMint, type Mint } from './mint.ts';
import type {
  AccessToken,
  Application,
  Authorization,
  Code,
  Delivery,
  Environment,
  RefreshToken,
  Seller,
  Subscription,
  TokenRequestEntry,
} from './rows.ts';
import { defaultSettings, type Settings } from './settings.ts';
import { createStore, type Store, type Table } from './store.ts';

/** Everything that Square knows, of one environment. */
export interface World {
  readonly environment: Environment;
  readonly clock: SimulatorClock;
  readonly mint: Mint;
  readonly store: Store;
  readonly applications: Table<Application>;
  readonly sellers: Table<Seller>;
  readonly accessTokens: Table<AccessToken>;
  readonly refreshTokens: Table<RefreshToken>;
  readonly codes: Table<Code>;
  readonly authorizations: Table<Authorization>;
  readonly tokenRequests: Table<TokenRequestEntry>;
  readonly subscriptions: Table<Subscription>;
  readonly deliveries: Table<Delivery>;
  settings(): Settings;
  change(settings: Partial<Settings>): Settings;
}

export interface WorldOptions {
  readonly environment?: Environment | undefined;
  readonly stateFile?: string | undefined;
  readonly machine?: MachineTime | undefined;
}

export function createWorld(options: WorldOptions): World {
  const store = createStore(options.stateFile);
  const facts = store.table<Environment>('environment');
  const environment = facts.get('environment') ?? options.environment ?? 'Production';
  if (options.environment !== undefined && options.environment !== environment) {
    throw new Error(`the state file is of ${environment}, not ${options.environment}: use one file for each`);
  }
  if (facts.get('environment') === undefined) facts.put('environment', environment);
  const settings = store.table<Partial<Settings>>('settings');
  let current: Settings = { ...defaultSettings, ...settings.get('settings') };
  return {
    environment,
    clock: createSimulatorClock(store.table('clock'), options.machine ?? { wall: () => Date.now() }),
    mint: createMint(environment),
    store,
    applications: store.table('applications'),
    sellers: store.table('sellers'),
    accessTokens: store.table('accessTokens'),
    refreshTokens: store.table('refreshTokens'),
    codes: store.table('codes'),
    authorizations: store.table('authorizations'),
    tokenRequests: store.table('tokenRequests'),
    subscriptions: store.table('subscriptions'),
    deliveries: store.table('deliveries'),
    settings: () => current,
    change(changes) {
      const unknown = Object.keys(changes).filter((name) => !(name in defaultSettings));
      if (unknown.length > 0) throw new Error(`no such setting: ${unknown.join(', ')}`);
      current = { ...current, ...changes };
      settings.put('settings', current);
      return current;
    },
  };
}

export const authorizationKey = (clientID: string, merchantID: string) => `${clientID} ${merchantID}`;

/** Every secret value that was ever issued or set up, for leak tests. */
export function secretsOf(world: World): string[] {
  return [
    ...[...world.applications.values()].flatMap(({ secrets }) => secrets.map(({ value }) => value)),
    ...[...world.accessTokens.values()].map(({ value }) => value),
    ...[...world.refreshTokens.values()].map(({ value }) => value),
    ...[...world.codes.values()].map(({ value }) => value),
    ...[...world.subscriptions.values()].map(({ signatureKey }) => signatureKey),
  ];
}
