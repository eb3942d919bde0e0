/** A kind of object as the API server serves it. */
export interface Resource {
  /** `''` is the core group. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

/** Kubernetes API conventions, "Metadata". */
export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

/** Kubernetes API conventions, "Metadata". Times are RFC 3339. */
export interface ObjectMeta {
  name: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: OwnerReference[];
  finalizers?: string[];
  [field: string]: unknown;
}

export interface KubeObject {
  apiVersion?: string;
  kind?: string;
  metadata: ObjectMeta;
  [field: string]: unknown;
}

/** `namespace/name`, or `name` for what has no namespace. */
export type Key = string;

export function keyOf(object: { metadata: { name: string; namespace?: string | undefined } }): Key {
  const { namespace, name } = object.metadata;
  return namespace ? `${namespace}/${name}` : name;
}

/** The key of a name that is not yet an object. */
export function keyFrom(namespace: string | undefined, name: string): Key {
  return namespace ? `${namespace}/${name}` : name;
}

export function splitKey(key: Key): { namespace?: string; name: string } {
  const slash = key.indexOf('/');
  return slash < 0 ? { name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

/** `v1`, `apps/v1`: what stands in `apiVersion`. */
export function apiVersionOf(resource: Resource): string {
  return resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;
}

/** The resource for people and logs: `secrets`, `leases.coordination.k8s.io`. */
export function nameOf(resource: Resource): string {
  return resource.group === '' ? resource.plural : `${resource.plural}.${resource.group}`;
}

/**
 * The path of one object or, without a name, of the collection; without a namespace, of the whole cluster
 * (Kubernetes, "API concepts": resource URIs).
 */
export function pathOf(resource: Resource, namespace?: string, name?: string, subresource?: string): string {
  let path = resource.group === '' ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`;
  if (resource.namespaced && namespace) path += `/namespaces/${encodeURIComponent(namespace)}`;
  path += `/${resource.plural}`;
  if (name !== undefined) path += `/${encodeURIComponent(name)}`;
  return subresource === undefined ? path : `${path}/${subresource}`;
}

const builtIn = (group: string, version: string, plural: string, kind: string, namespaced = true): Resource => ({
  group,
  version,
  plural,
  kind,
  namespaced,
});

export const secrets = builtIn('', 'v1', 'secrets', 'Secret');
export const configMaps = builtIn('', 'v1', 'configmaps', 'ConfigMap');
export const namespaces = builtIn('', 'v1', 'namespaces', 'Namespace', false);
export const leases = builtIn('coordination.k8s.io', 'v1', 'leases', 'Lease');
export const deployments = builtIn('apps', 'v1', 'deployments', 'Deployment');
export const statefulSets = builtIn('apps', 'v1', 'statefulsets', 'StatefulSet');
export const daemonSets = builtIn('apps', 'v1', 'daemonsets', 'DaemonSet');
export const events = builtIn('events.k8s.io', 'v1', 'events', 'Event');
