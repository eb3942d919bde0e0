import type { Clock } from '../../../src/clock.ts';
import { createKubeClient } from '../../../src/kube/connect.ts';
import type { KubeObject, Resource } from '../../../src/kube/resource.ts';
import type { FakeApiServer } from './fake-api-server.ts';

/** Lets everything that is under way on loopback happen until `condition` holds. The test's time limit ends it. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

const never = { interval: 2 ** 40, timeout: 2 ** 40 };

/** A client whose PINGs do not interfere with a test that moves the clock far. */
export const aClient = (api: FakeApiServer, clock: Clock, keepalive = never) =>
  createKubeClient({ access: api.access, clock, keepalive, fieldManager: 'tests' });

export const widgets: Resource = {
  group: 'example.dev',
  version: 'v1',
  plural: 'widgets',
  kind: 'Widget',
  namespaced: true,
};

/** `aWidget('a', 5, 'red')`: the widget default/a as of resourceVersion 5. */
export function aWidget(name: string, version: number, color: string, uid = `uid-${name}`): KubeObject {
  return {
    apiVersion: 'example.dev/v1',
    kind: 'Widget',
    metadata: { name, namespace: 'default', uid, resourceVersion: String(version) },
    spec: { color },
  };
}

/** The end of a streaming list, or a plain bookmark. */
export function aBookmark(version: number, endOfList = false): object {
  const annotations = endOfList ? { 'k8s.io/initial-events-end': 'true' } : undefined;
  return { kind: 'Widget', metadata: { resourceVersion: String(version), ...(annotations ? { annotations } : {}) } };
}

export function aStatus(code: number, reason: string, more: object = {}): object {
  return { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message: `it is ${reason}`, ...more };
}
