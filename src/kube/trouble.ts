import type { Clock, Duration } from '../clock.ts';
import { seconds } from '../clock.ts';
import { KubeError } from './client.ts';
import type { InformerState } from './informer.ts';
import type { Log } from './log.ts';
import { nameOf, type Resource } from './resource.ts';

/** While the same trouble lasts, every so many failures are logged. */
const repeats = 20;

/** What keeps an informer from following, since when, and what to do about it. */
export interface Trouble {
  now(): string | undefined;
  /** Returns how long the server asked to wait, at most 30 s. */
  note(error: unknown): Duration;
  clear: () => void;
  report: () => void;
}

function remedy(error: unknown, resource: Resource, namespace: string | undefined): string {
  const status = error instanceof KubeError ? error.status : 0;
  const name = nameOf(resource);
  const where = namespace ? `in namespace ${namespace}` : 'in all namespaces';
  if (status === 401) return 'check the token or certificate in the kubeconfig, or the service account';
  if (status === 403) return `allow the operator's service account to list and watch ${name} ${where}`;
  if (status === 404) return `install the CustomResourceDefinition ${name}, version ${resource.version}`;
  return 'it is tried again until it works';
}

export function createTrouble(options: {
  clock: Clock;
  log: Log;
  resource: Resource;
  namespace?: string | undefined;
  onState?: ((state: InformerState) => void) | undefined;
  synced: () => boolean;
}): Trouble {
  const { clock, log, resource, namespace, onState, synced } = options;
  let current: { kind: string; reason: string; since: Duration; count: number } | undefined;
  const report = () => {
    const reason = current?.reason;
    const healthy = synced() && current === undefined;
    onState?.({ resource, synced: synced(), healthy, ...(reason === undefined ? {} : { reason }) });
  };
  return {
    now: () => current?.reason,
    report,
    note(error) {
      const reason = error instanceof Error ? error.message : String(error);
      const kind = error instanceof KubeError ? `${error.status} ${error.reason}` : reason;
      const same = current?.kind === kind;
      const count = same && current ? current.count + 1 : 1;
      current = { kind, reason, since: current?.since ?? clock.monotonic(), count };
      if (!same || count % repeats === 0) {
        const fields = { resource: nameOf(resource), namespace, err: error, failures: count };
        log.warn({ ...fields, remedy: remedy(error, resource, namespace) }, 'cannot watch');
      }
      if (!same) report();
      return error instanceof KubeError ? Math.min(error.retryAfter ?? 0, seconds(30)) : 0;
    },
    clear() {
      if (current === undefined) return;
      const lasted = Math.round((clock.monotonic() - current.since) / 1_000);
      log.info({ resource: nameOf(resource), namespace, seconds: lasted }, 'watching again');
      current = undefined;
      report();
    },
  };
}
