{{- /* Generated from src/permissions.ts by "npm run generate". Do not edit. */ -}}
{{- define "square-operator.rules.watched" -}}
# It follows the connections and applications.
- apiGroups:
    - square-operator.dev
  resources:
    - squareconnections
    - squareapplications
  verbs:
    - list
    - watch
# Before something hangs on it that a connection is there, or gone, or as a page shows it, it asks for that one.
- apiGroups:
    - square-operator.dev
  resources:
    - squareconnections
  verbs:
    - get
# It says in the status what it found.
- apiGroups:
    - square-operator.dev
  resources:
    - squareconnections/status
    - squareapplications/status
  verbs:
    - patch
# Under deletionPolicy: Revoke it puts its finalizer on a connection, and takes it off again; it notes what webhooks report of it; and what people ask for on its web pages it leaves there as an annotation, or as spec.suspend. RBAC knows no parts of an object, so the rule is for all of it; nothing else is written.
- apiGroups:
    - square-operator.dev
  resources:
    - squareconnections
  verbs:
    - patch
# It follows credentials, sealed grants and token Secrets (by type or label only), seals grants, publishes tokens, and removes the earlier token Secret after a renaming, and both Secrets of a connection that is deleted under deletionPolicy: Revoke. RBAC knows neither types nor labels, so the rule is for all Secrets.
- apiGroups:
    - ""
  resources:
    - secrets
  verbs:
    - get
    - list
    - watch
    - create
    - patch
    - delete
# It tells of what happened, and counts repetitions in the same event.
- apiGroups:
    - events.k8s.io
  resources:
    - events
  verbs:
    - create
    - patch
{{- end -}}
{{- define "square-operator.rules.cluster" -}}
# The labels of a namespace decide whether an application with allowedNamespaces.from: Selector allows it.
- apiGroups:
    - ""
  resources:
    - namespaces
  verbs:
    - get
    - list
    - watch
{{- end -}}
{{- define "square-operator.rules.watched-namespace" -}}
# The same for applications with allowedNamespaces.from: Selector. In a Role the rule is for this one namespace.
- apiGroups:
    - ""
  resources:
    - namespaces
  verbs:
    - get
{{- end -}}
{{- define "square-operator.rules.own" -}}
# One replica at a time acts: the holder of the lease.
- apiGroups:
    - coordination.k8s.io
  resources:
    - leases
  verbs:
    - get
    - create
    - update
# The public half of the sealing key lies in a ConfigMap. RBAC cannot name what does not exist yet, so creating is for any name.
- apiGroups:
    - ""
  resources:
    - configmaps
  verbs:
    - create
# It keeps that ConfigMap, and no other, up to date.
- apiGroups:
    - ""
  resources:
    - configmaps
  resourceNames:
    - square-operator-sealing-key
  verbs:
    - get
    - patch
# The sealing keys lie in Secrets of its own namespace, unless they come from files.
- apiGroups:
    - ""
  resources:
    - secrets
  verbs:
    - get
    - list
    - watch
    - create
    - patch
    - delete
# It tells of what concerns itself and no connection.
- apiGroups:
    - events.k8s.io
  resources:
    - events
  verbs:
    - create
    - patch
{{- end -}}
{{- define "square-operator.rules.sealing-key-reader" -}}
# Whoever seals a credential needs the public key.
- apiGroups:
    - ""
  resources:
    - configmaps
  resourceNames:
    - square-operator-sealing-key
  verbs:
    - get
{{- end -}}
{{- define "square-operator.rules.rollout-restart" -}}
# It restarts the workloads that connections name and that carry the annotation square-operator.dev/allow-restart: "true", by an annotation of their pod template. RBAC knows no annotations, so the rule is for all of them.
- apiGroups:
    - apps
  resources:
    - deployments
    - statefulsets
    - daemonsets
  verbs:
    - get
    - patch
{{- end -}}
{{- define "square-operator.rules.staff-pages" -}}
# Whoever signs in on the pages of the platform team gives a Kubernetes token, made for these pages alone: it asks whose it is.
- apiGroups:
    - authentication.k8s.io
  resources:
    - tokenreviews
  verbs:
    - create
# They see and do there what the cluster lets them see of and do with squareconnections: it asks for each.
- apiGroups:
    - authorization.k8s.io
  resources:
    - subjectaccessreviews
  verbs:
    - create
{{- end -}}
