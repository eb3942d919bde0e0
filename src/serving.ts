import { type Environment, environments } from './api/connection.ts';
import type { Clock } from './clock.ts';
import type { Config } from './config.ts';
import type { Squares } from './controller/squares.ts';
import type { Watches } from './controller/watches.ts';
import type { EventRecorder } from './kube/events.ts';
import type { View } from './kube/view.ts';
import { serveHealth } from './observability/health.ts';
import type { Listening } from './observability/listen.ts';
import type { Logger } from './observability/logger.ts';
import { serveMetrics } from './observability/metrics-server.ts';
import type { Metrics } from './observability/port.ts';
import type { MemoryVault } from './secrets/port.ts';
import { createSignIns, type SignInDeps } from './web/sign-in.ts';

/** Serves from the start, so that a probe is answered while the operator waits for the API server. */
export async function serveProbes(parts: {
  config: Pick<Config, 'metricsBindAddress' | 'healthProbeBindAddress'>;
  clock: Clock;
  log: Logger;
  metrics: Metrics;
  watches: Watches;
}): Promise<{ readonly metrics?: Listening; readonly health?: Listening }> {
  const { config, clock, log, metrics, watches } = parts;
  const onError = (error: unknown) => log.error({ err: error }, 'a scrape of the metrics failed');
  const views = Object.entries(watches.byName);
  const failing = (ok: (view: View<unknown>) => boolean) => views.flatMap(([name, view]) => (ok(view) ? [] : [name]));
  const say = (what: string, names: readonly string[]) =>
    names.length === 0 ? undefined : `${what}: ${names.join(', ')}`;
  const synced = () =>
    say(
      'not synced yet',
      failing((view) => view.synced()),
    );
  const followed = () =>
    say(
      'not followed now',
      failing((view) => !view.synced() || view.healthy()),
    );
  const { metricsBindAddress, healthProbeBindAddress } = config;
  const health =
    healthProbeBindAddress === 'off'
      ? undefined
      : await serveHealth(
          { address: healthProbeBindAddress, clock },
          { healthz: { ping: () => undefined }, readyz: { synced, watches: followed } },
        );
  const measured =
    metricsBindAddress === 'off'
      ? undefined
      : await serveMetrics({ address: metricsBindAddress, clock, metrics, onError });
  return { ...(health && { health }), ...(measured && { metrics: measured }) };
}

export interface WebParts extends Omit<SignInDeps, 'externalURL' | 'squares' | 'views' | 'log'> {
  readonly config: Pick<Config, 'webBindAddress' | 'externalURL'>;
  readonly log: Logger;
  readonly watches: Watches;
  readonly squares: Squares;
  readonly vault: MemoryVault;
  readonly events: EventRecorder;
  readonly metrics: Metrics;
}

/** What people and Square reach, on every replica, whether it leads or not. */
export interface Web {
  readonly listening: Listening;
  /** Takes nothing new, and resolves when what is under way is answered. */
  close(): Promise<void>;
}

/** Serves pages, callback and webhooks, where an external URL says how they are reached. */
export async function serveWebParts(parts: WebParts): Promise<Web | undefined> {
  const { config, log, watches, squares } = parts;
  const { externalURL, webBindAddress } = config;
  if (externalURL === undefined || webBindAddress === 'off') {
    log.info({}, 'sign-in pages, status pages and webhooks are off: they need --external-url and --web-bind-address');
    return undefined;
  }
  // The server is 10 MiB of memory, which an operator without pages has no use for.
  const [{ serveWeb }, { registerWebhooks }] = await Promise.all([
    import('./web/server.ts'),
    import('./web/webhook.ts'),
  ]);
  const signIns = createSignIns({ ...parts, views: watches, externalURL });
  const { connections, applications } = watches;
  const squareNow = (environment: Environment = 'Production') => squares[environment].time.now();
  const squareURLs = environments.map((environment) => squares[environment].baseURL);
  const listening = await serveWeb(
    webBindAddress,
    { ...parts, connections, applications, signIns, squareNow, externalURL, squareURLs },
    (app) => registerWebhooks(app, parts),
  );
  log.info({ externalURL, port: listening.port }, 'sign-in pages, status pages and webhooks are served');
  return { listening, close: async () => void (await Promise.all([listening.close(), signIns.drain()])) };
}
