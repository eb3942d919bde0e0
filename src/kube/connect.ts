import type { Clock, Duration } from '../clock.ts';
import { seconds } from '../clock.ts';
import type { Access } from './access.ts';
import { createTransport } from './choose-transport.ts';
import { type KubeClient, KubeError, type ListOptions } from './client.ts';
import type { Keepalive } from './http2.ts';
import type { KubeObject, Resource } from './resource.ts';
import { apiVersionOf, pathOf } from './resource.ts';
import { createSender, type Sender } from './sender.ts';

export interface ClientOptions {
  access: Access;
  clock: Clock;
  /** Default `square-operator`: the name under which the API server records who set which field. */
  fieldManager?: string | undefined;
  /** Default `square-operator`. */
  userAgent?: string | undefined;
  /** Default 30 s, from the moment the request is sent. */
  timeout?: Duration | undefined;
  /** Default: a PING every 30 s, dead when unanswered for 10 s. */
  keepalive?: Keepalive | undefined;
}

const pageSize = 500;

/** Kubernetes, "API concepts": metadata-only fetches. */
const metadataOnly = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';

type Headers = Readonly<Record<string, string>>;

interface Page {
  items?: KubeObject[];
  metadata: { resourceVersion: string; continue?: string };
}

const isAbsent = (error: unknown, name: string) =>
  error instanceof KubeError && error.status === 404 && error.about === name;

function createReads(sender: Sender, headers: Headers): Pick<KubeClient, 'get' | 'list' | 'listPages' | 'stream'> {
  const listPages: KubeClient['listPages'] = async (resource, options, onPage) => {
    const query = new URLSearchParams({ limit: String(options.limit ?? pageSize) });
    if (options.labelSelector) query.set('labelSelector', options.labelSelector);
    if (options.fieldSelector) query.set('fieldSelector', options.fieldSelector);
    const asking = options.metadataOnly === true ? { ...headers, accept: metadataOnly } : headers;
    for (;;) {
      const path = `${pathOf(resource, options.namespace)}?${query.toString()}`;
      const page = (await sender.json({ method: 'GET', path, headers: asking })) as Page;
      onPage(page.items ?? []);
      if (!page.metadata.continue) return { resourceVersion: page.metadata.resourceVersion };
      query.set('continue', page.metadata.continue);
    }
  };
  return {
    async get(resource, namespace, name) {
      try {
        return (await sender.json({ method: 'GET', path: pathOf(resource, namespace, name), headers })) as KubeObject;
      } catch (error) {
        if (isAbsent(error, name)) return undefined;
        throw error;
      }
    },
    async list(resource, options: ListOptions = {}) {
      const items: KubeObject[] = [];
      const { resourceVersion } = await listPages(resource, options, (page) => {
        for (const item of page) items.push(item);
      });
      return { items, resourceVersion };
    },
    listPages,
    stream: (path, options) => sender.stream({ method: 'GET', path, headers }, options),
  };
}

function createWrites(
  sender: Sender,
  common: Headers,
  fieldManager: string,
): Pick<KubeClient, 'create' | 'update' | 'mergePatch' | 'delete'> {
  const sending = { ...common, 'content-type': 'application/json' };
  const patching = { ...common, 'content-type': 'application/merge-patch+json' };
  const query = (dryRun = false) => `?fieldManager=${encodeURIComponent(fieldManager)}${dryRun ? '&dryRun=All' : ''}`;
  const whole = (resource: Resource, object: KubeObject) =>
    JSON.stringify({ apiVersion: apiVersionOf(resource), kind: resource.kind, ...object });
  const write = (method: string, path: string, headers: Headers, body: string) =>
    sender.json({ method, path, headers, body }) as Promise<KubeObject>;
  return {
    create: (resource, object, { dryRun } = {}) =>
      write('POST', pathOf(resource, object.metadata.namespace) + query(dryRun), sending, whole(resource, object)),
    update(resource, object, { dryRun } = {}) {
      const path = pathOf(resource, object.metadata.namespace, object.metadata.name);
      return write('PUT', path + query(dryRun), sending, whole(resource, object));
    },
    mergePatch(resource, namespace, name, patch, { subresource, dryRun } = {}) {
      const path = pathOf(resource, namespace, name, subresource);
      return write('PATCH', path + query(dryRun), patching, JSON.stringify(patch));
    },
    async delete(resource, namespace, name, preconditions = {}) {
      const body = JSON.stringify({ apiVersion: 'v1', kind: 'DeleteOptions', preconditions });
      try {
        await sender.send({ method: 'DELETE', path: pathOf(resource, namespace, name), headers: sending, body });
      } catch (error) {
        if (!isAbsent(error, name)) throw error;
      }
    },
  };
}

/** A client for the API server that `access` names. Connects when first used. */
export function createKubeClient(options: ClientOptions): KubeClient {
  const { access, clock, fieldManager = 'square-operator', userAgent = 'square-operator' } = options;
  const timeout = options.timeout ?? seconds(30);
  // As client-go: PINGs are most of what an idle process wakes up for, and a dead connection is known within 40 s.
  const keepalive = options.keepalive ?? { interval: seconds(30), timeout: seconds(10) };
  const transport = createTransport({ access, clock, timeout, keepalive });
  const sender = createSender({ transport, access, clock });
  const headers = { accept: 'application/json', 'user-agent': userAgent };
  return {
    ...createReads(sender, headers),
    ...createWrites(sender, headers, fieldManager),
    async requestRaw(method, path, body) {
      const sent = body === undefined ? {} : { body: JSON.stringify(body) };
      const type: Headers = body === undefined ? {} : { 'content-type': 'application/json' };
      const reply = await sender.send({ method, path, headers: { ...headers, ...type }, ...sent });
      return {
        status: reply.status,
        body: parseOrText(reply.body),
        ...(reply.date !== undefined && { date: reply.date }),
      };
    },
    close: () => transport.close(),
  };
}

/** `/healthz` and the like answer in plain text. */
function parseOrText(body: string): unknown {
  try {
    return body === '' ? undefined : JSON.parse(body);
  } catch {
    return body;
  }
}
