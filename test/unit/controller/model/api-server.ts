import { type KubeClient, KubeError } from '../../../../src/kube/client.ts';
import { type KubeObject, keyOf, type Resource } from '../../../../src/kube/resource.ts';

export interface ServerEvent {
  readonly type: 'put' | 'delete';
  readonly object: KubeObject;
}

/** A write as it reached the API server. */
export interface Write {
  readonly verb: 'create' | 'patch' | 'delete';
  readonly plural: string;
  readonly subresource?: string | undefined;
  readonly before: KubeObject | undefined;
  readonly after: KubeObject | undefined;
}

/** An API server in memory: versions, preconditions, and a log of events that watches read at their own pace. */
export interface ModelApiServer {
  readonly log: { readonly plural: string; readonly event: ServerEvent }[];
  find(plural: string, name: string, namespace?: string): KubeObject | undefined;
  all(plural: string): KubeObject[];
  /** What people do: creates or replaces. */
  put(plural: string, object: KubeObject): void;
  /** What people do: changes a part. */
  edit(plural: string, name: string, change: (object: KubeObject) => KubeObject): void;
  remove(plural: string, name: string): void;
  /** The operator's side. `edge` stands around every call: it may refuse it, lose its answer, or never return. */
  client(edge: Edge, onWrite: (write: Write) => void): KubeClient;
}

/** A request to the API server. A dry-run counts as reading. */
export interface ApiCall {
  readonly kind: 'read' | 'write';
  readonly verb: 'get' | 'list' | 'create' | 'patch' | 'delete';
  readonly plural: string;
  readonly name: string;
  readonly dryRun?: boolean;
}

export interface Edge {
  <T>(call: ApiCall, act: () => T): Promise<T>;
}

export const namespace = 'shop';

/** `onGone`: an object is no longer there, whoever deleted it. */
export function createModelApiServer(
  now: () => number,
  onGone: (plural: string, object: KubeObject) => void,
): ModelApiServer {
  const kinds = new Map<string, Map<string, KubeObject>>();
  const log: ModelApiServer['log'] = [];
  let version = 100;
  let uids = 0;
  const of = (plural: string) => {
    const held = kinds.get(plural) ?? new Map<string, KubeObject>();
    kinds.set(plural, held);
    return held;
  };
  const stamp = () => `${new Date(now()).toISOString().slice(0, 19)}Z`;
  function store(plural: string, object: KubeObject): KubeObject {
    const key = keyOf(object);
    const before = of(plural).get(key);
    // One that was being deleted goes with its last finalizer.
    if (object.metadata.deletionTimestamp !== undefined && !isHeld(object)) {
      of(plural).set(key, object);
      return drop(plural, key) ?? object;
    }
    const sameSpec = JSON.stringify(before?.['spec']) === JSON.stringify(object['spec']);
    const metadata = {
      ...object.metadata,
      uid: before?.metadata.uid ?? `uid-${++uids}`,
      creationTimestamp: before?.metadata.creationTimestamp ?? stamp(),
      generation: before === undefined ? 1 : (before.metadata.generation ?? 1) + (sameSpec ? 0 : 1),
      resourceVersion: String(++version),
    };
    const stored = structuredClone({ ...object, metadata });
    of(plural).set(key, stored);
    log.push({ plural, event: { type: 'put', object: stored } });
    return stored;
  }
  function drop(plural: string, key: string): KubeObject | undefined {
    const held = of(plural).get(key);
    if (held === undefined) return undefined;
    if (isHeld(held)) {
      const { deletionTimestamp = stamp() } = held.metadata;
      return store(plural, { ...held, metadata: { ...held.metadata, deletionTimestamp } });
    }
    of(plural).delete(key);
    const gone = { ...held, metadata: { ...held.metadata, resourceVersion: String(++version) } };
    log.push({ plural, event: { type: 'delete', object: gone } });
    onGone(plural, gone);
    return gone;
  }
  const server: ModelApiServer = {
    log,
    find: (plural, name, place = namespace) => of(plural).get(`${place}/${name}`),
    all: (plural) => [...of(plural).values()],
    put: (plural, object) => void store(plural, object),
    edit(plural, name, change) {
      const held = server.find(plural, name);
      if (held !== undefined) store(plural, change(structuredClone(held)));
    },
    remove: (plural, name) => void drop(plural, `${namespace}/${name}`),
    client: (edge, onWrite) => clientOf({ server, of, store, drop }, edge, onWrite),
  };
  return server;
}

const isHeld = ({ metadata }: KubeObject): boolean => (metadata.finalizers ?? []).length > 0;

interface Inside {
  readonly server: ModelApiServer;
  of: (plural: string) => Map<string, KubeObject>;
  store: (plural: string, object: KubeObject) => KubeObject;
  drop: (plural: string, key: string) => KubeObject | undefined;
}

const refuse = (status: number, reason: string): never => {
  throw new KubeError({ status, reason, message: `the model says ${reason}`, mayHaveActed: false });
};

function clientOf({ server, of, store, drop }: Inside, edge: Edge, onWrite: (write: Write) => void): KubeClient {
  const unused = () => Promise.reject(new Error('the controller does not use this'));
  function held(resource: Resource, place: string | undefined, name: string, wanted: unknown): KubeObject {
    const object = server.find(resource.plural, name, place) ?? refuse(404, 'NotFound');
    const { uid, resourceVersion } = (wanted ?? {}) as { uid?: string; resourceVersion?: string };
    const other = uid !== undefined && uid !== object.metadata.uid;
    const older = resourceVersion !== undefined && resourceVersion !== object.metadata.resourceVersion;
    if (other || older) refuse(409, 'Conflict');
    return object;
  }
  return {
    get: (resource, place, name) =>
      edge({ kind: 'read', verb: 'get', plural: resource.plural, name }, () =>
        resource.namespaced ? server.find(resource.plural, name, place) : of(resource.plural).get(name),
      ),
    create: (resource, object, { dryRun = false } = {}) =>
      edge(changing('create', resource.plural, object.metadata.name, dryRun), () => {
        if (of(resource.plural).has(keyOf(object))) refuse(409, 'AlreadyExists');
        if (dryRun) return object;
        const after = store(resource.plural, object);
        onWrite({ verb: 'create', plural: resource.plural, before: undefined, after });
        return after;
      }),
    mergePatch: (resource, place, name, patch, { subresource, dryRun = false } = {}) =>
      edge(changing('patch', resource.plural, name, dryRun), () => {
        const { metadata, ...rest } = patch as { metadata?: Record<string, unknown> };
        const before = held(resource, place, name, metadata);
        if (dryRun) return before;
        const { uid: _, resourceVersion: __, ...changed } = metadata ?? {};
        const after = store(resource.plural, merge(before, { ...rest, metadata: changed }) as KubeObject);
        onWrite({ verb: 'patch', plural: resource.plural, subresource, before, after });
        return after;
      }),
    delete: (resource, place, name, preconditions) =>
      edge(changing('delete', resource.plural, name, false), () => {
        // One that is gone already is as good.
        if (server.find(resource.plural, name, place) === undefined) return;
        const before = held(resource, place, name, preconditions);
        drop(resource.plural, keyOf(before));
        onWrite({ verb: 'delete', plural: resource.plural, before, after: undefined });
      }),
    list: (resource, { fieldSelector = '' } = {}) =>
      edge({ kind: 'read', verb: 'list', plural: resource.plural, name: fieldSelector }, () => {
        const [field = '', value] = fieldSelector.split('=');
        return { items: server.all(resource.plural).filter((object) => object[field] === value), resourceVersion: '1' };
      }),
    listPages: unused,
    update: unused,
    stream: unused,
    requestRaw: unused,
    close: async () => {},
  };
}

const changing = (verb: 'create' | 'patch' | 'delete', plural: string, name: string, dryRun: boolean): ApiCall =>
  dryRun ? { kind: 'read', verb, plural, name, dryRun } : { kind: 'write', verb, plural, name };

/** RFC 7396. */
function merge(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const merged: Record<string, unknown> = { ...(typeof target === 'object' ? target : {}) };
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete merged[name];
    else merged[name] = merge(merged[name], value);
  }
  return merged;
}
