import { group, sealingKeyConfigMap } from './api/names.ts';

/** A rule of a role, with a sentence why the operator cannot do without. */
export interface Permission {
  readonly why: string;
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

/** What the operator does in every namespace that it watches. */
export const watchedPermissions: readonly Permission[] = [
  {
    why: 'It follows the connections and applications.',
    apiGroups: [group],
    resources: ['squareconnections', 'squareapplications'],
    verbs: ['list', 'watch'],
  },
  {
    why: 'Before something hangs on it that a connection is there, or gone, or as a page shows it, it asks for that one.',
    apiGroups: [group],
    resources: ['squareconnections'],
    verbs: ['get'],
  },
  {
    why: 'It says in the status what it found.',
    apiGroups: [group],
    resources: ['squareconnections/status', 'squareapplications/status'],
    verbs: ['patch'],
  },
  {
    why: 'Under deletionPolicy: Revoke it puts its finalizer on a connection, and takes it off again; it notes what webhooks report of it; and what people ask for on its web pages it leaves there as an annotation, or as spec.suspend. RBAC knows no parts of an object, so the rule is for all of it; nothing else is written.',
    apiGroups: [group],
    resources: ['squareconnections'],
    verbs: ['patch'],
  },
  {
    why: 'It follows credentials, sealed grants and token Secrets (by type or label only), seals grants, publishes tokens, and removes the earlier token Secret after a renaming, and both Secrets of a connection that is deleted under deletionPolicy: Revoke. RBAC knows neither types nor labels, so the rule is for all Secrets.',
    apiGroups: [''],
    resources: ['secrets'],
    verbs: ['get', 'list', 'watch', 'create', 'patch', 'delete'],
  },
  {
    why: 'It tells of what happened, and counts repetitions in the same event.',
    apiGroups: ['events.k8s.io'],
    resources: ['events'],
    verbs: ['create', 'patch'],
  },
];

/** What it does besides with --enable-rollout-restart, in every namespace that it watches. A role of its own. */
export const rolloutRestartPermissions: readonly Permission[] = [
  {
    why: 'It restarts the workloads that connections name and that carry the annotation square-operator.dev/allow-restart: "true", by an annotation of their pod template. RBAC knows no annotations, so the rule is for all of them.',
    apiGroups: ['apps'],
    resources: ['deployments', 'statefulsets', 'daemonsets'],
    verbs: ['get', 'patch'],
  },
];

/** What it does besides for the pages of the platform team (--external-url). A role of its own. */
export const staffPagePermissions: readonly Permission[] = [
  {
    why: 'Whoever signs in on the pages of the platform team gives a Kubernetes token, made for these pages alone: it asks whose it is.',
    apiGroups: ['authentication.k8s.io'],
    resources: ['tokenreviews'],
    verbs: ['create'],
  },
  {
    why: 'They see and do there what the cluster lets them see of and do with squareconnections: it asks for each.',
    apiGroups: ['authorization.k8s.io'],
    resources: ['subjectaccessreviews'],
    verbs: ['create'],
  },
];

/** What it does across the cluster. */
export const clusterPermissions: readonly Permission[] = [
  {
    why: 'The labels of a namespace decide whether an application with allowedNamespaces.from: Selector allows it.',
    apiGroups: [''],
    resources: ['namespaces'],
    verbs: ['get', 'list', 'watch'],
  },
];

/** What it does in the place of that in each watched namespace, where only some are watched. */
export const watchedNamespacePermissions: readonly Permission[] = [
  {
    why: 'The same for applications with allowedNamespaces.from: Selector. In a Role the rule is for this one namespace.',
    apiGroups: [''],
    resources: ['namespaces'],
    verbs: ['get'],
  },
];

/** What it does in its own namespace only. */
export const ownNamespacePermissions: readonly Permission[] = [
  {
    why: 'One replica at a time acts: the holder of the lease.',
    apiGroups: ['coordination.k8s.io'],
    resources: ['leases'],
    verbs: ['get', 'create', 'update'],
  },
  {
    why: 'The public half of the sealing key lies in a ConfigMap. RBAC cannot name what does not exist yet, so creating is for any name.',
    apiGroups: [''],
    resources: ['configmaps'],
    verbs: ['create'],
  },
  {
    why: 'It keeps that ConfigMap, and no other, up to date.',
    apiGroups: [''],
    resources: ['configmaps'],
    resourceNames: [sealingKeyConfigMap],
    verbs: ['get', 'patch'],
  },
  {
    why: 'The sealing keys lie in Secrets of its own namespace, unless they come from files.',
    apiGroups: [''],
    resources: ['secrets'],
    verbs: ['get', 'list', 'watch', 'create', 'patch', 'delete'],
  },
  {
    why: 'It tells of what concerns itself and no connection.',
    apiGroups: ['events.k8s.io'],
    resources: ['events'],
    verbs: ['create', 'patch'],
  },
];

/** What everybody may read, so that credentials can be sealed offline. */
export const publicPermissions: readonly Permission[] = [
  {
    why: 'Whoever seals a credential needs the public key.',
    apiGroups: [''],
    resources: ['configmaps'],
    resourceNames: [sealingKeyConfigMap],
    verbs: ['get'],
  },
];
