import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterAll } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import { loadAccess } from '../../../src/kube/access.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import { createKubeClient } from '../../../src/kube/connect.ts';
import { adminApi, kubeconfig } from '../../support/cluster.ts';

const closing: (() => Promise<void> | void)[] = [];
afterAll(async () => {
  for (const close of closing.toReversed()) await close();
});

/** The product's own client of the shared API server; `calls` lists what was asked of it, in order. */
export async function countingClient(port?: number): Promise<{ client: KubeClient; calls: string[] }> {
  const access = await loadAccess({ kubeconfig: kubeconfig(), clock: systemClock });
  const server = port === undefined ? access.server : new URL(`${access.server.protocol}//127.0.0.1:${port}`);
  const client = createKubeClient({ access: { ...access, server }, clock: systemClock });
  closing.push(() => client.close());
  const calls: string[] = [];
  const counted = new Proxy(client, {
    get(target, method: keyof KubeClient) {
      const call = target[method].bind(target) as (...parameters: unknown[]) => unknown;
      return (...parameters: unknown[]) => {
        calls.push(method);
        return call(...parameters);
      };
    },
  });
  return { client: counted, calls };
}

export interface Wire {
  readonly port: number;
  /** From now on requests go through, but no answer comes back. */
  swallow(): void;
  /** Breaks all connections; the next ones work again. */
  cut(): void;
}

/** A wire to the API server that can lose answers. */
export async function wireToApiServer(): Promise<Wire> {
  const { server } = await loadAccess({ kubeconfig: kubeconfig(), clock: systemClock });
  const sockets = new Set<Socket>();
  let swallowing = false;
  const listener = createServer((near) => {
    const far = connect(Number(server.port), server.hostname);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket
        .on('error', () => {})
        .on('close', () => {
          sockets.delete(socket);
          near.destroy();
          far.destroy();
        });
    }
    near.pipe(far);
    far.on('data', (bytes) => void (swallowing || near.write(bytes)));
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const cut = () => {
    for (const socket of sockets) socket.destroy();
    swallowing = false;
  };
  closing.push(() => {
    cut();
    listener.close();
  });
  return { port: (listener.address() as AddressInfo).port, swallow: () => void (swallowing = true), cut };
}

export interface StoredSecret {
  readonly metadata: {
    readonly uid: string;
    readonly resourceVersion: string;
    readonly ownerReferences?: unknown;
    readonly labels?: Record<string, string>;
    readonly annotations?: Record<string, string>;
  };
  readonly type: string;
  readonly data?: Record<string, string>;
}

const path = (namespace: string, name = '') => `/api/v1/namespaces/${namespace}/secrets/${name}`;

/** The Secret as the API server has it, read by the test itself; `undefined` when there is none. */
export async function readSecret(namespace: string, name: string): Promise<StoredSecret | undefined> {
  const { status, body } = await (await adminApi()).send('GET', path(namespace, name));
  return status === 200 ? (body as StoredSecret) : undefined;
}

/** What somebody else does to a Secret. */
export const others = {
  create: async (namespace: string, secret: object) =>
    (await adminApi()).ask<StoredSecret>('POST', path(namespace).slice(0, -1), { body: secret }),
  patch: async (namespace: string, name: string, patch: object) =>
    (await adminApi()).ask<StoredSecret>('PATCH', path(namespace, name), {
      body: patch,
      contentType: 'application/merge-patch+json',
    }),
  delete: async (namespace: string, name: string) => (await adminApi()).ask('DELETE', path(namespace, name)),
};
