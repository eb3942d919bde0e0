{{- /*
A role with its binding. `kind` is ClusterRole or Role, `rules` the names of parts of _rules.tpl; `namespace` is that of a
Role. `everybody` binds it to whoever is authenticated, in the place of the operator's account.
*/ -}}
{{- define "square-operator.role" -}}
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ .kind }}
metadata:
  name: {{ .name | toYaml }}
  {{- with .namespace }}
  namespace: {{ . | toYaml }}
  {{- end }}
  labels:
    {{- include "square-operator.labels" .root | nindent 4 }}
rules:
  {{- range .rules }}
  {{- include (printf "square-operator.rules.%s" .) $.root | trim | nindent 2 }}
  {{- end }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ .kind }}Binding
metadata:
  name: {{ .name | toYaml }}
  {{- with .namespace }}
  namespace: {{ . | toYaml }}
  {{- end }}
  labels:
    {{- include "square-operator.labels" .root | nindent 4 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: {{ .kind }}
  name: {{ .name | toYaml }}
{{- if .everybody }}
subjects:
  - apiGroup: rbac.authorization.k8s.io
    kind: Group
    name: system:authenticated
{{- else }}
{{ include "square-operator.subjects" .root }}
{{- end }}
{{- end -}}
