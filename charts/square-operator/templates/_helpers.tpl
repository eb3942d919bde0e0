{{- define "square-operator.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "square-operator.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- $name := include "square-operator.name" . -}}
{{- /* The name of a release may have dots, that of a Service may not. */ -}}
{{- $release := replace "." "-" .Release.Name -}}
{{- ternary $release (printf "%s-%s" $release $name) (contains $name $release) | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- /* Of what is not in a namespace and belongs to this installation alone. */ -}}
{{- define "square-operator.cluster-name" -}}
{{- $fullname := include "square-operator.fullname" . -}}
{{- ternary $fullname (printf "%s-%s" .Release.Namespace $fullname) (eq .Release.Namespace $fullname) -}}
{{- end -}}

{{- define "square-operator.selector" -}}
app.kubernetes.io/name: {{ include "square-operator.name" . | toYaml }}
app.kubernetes.io/instance: {{ .Release.Name | toYaml }}
{{- end -}}

{{- define "square-operator.labels" -}}
{{ include "square-operator.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "square-operator.account" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "square-operator.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- required "write serviceAccount.name: with serviceAccount.create=false it is the account that you made" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "square-operator.subjects" -}}
subjects:
  - kind: ServiceAccount
    name: {{ include "square-operator.account" . | toYaml }}
    namespace: {{ .Release.Namespace | toYaml }}
{{- end -}}

{{- /* Whether one replica at a time acts. Without that there can be one only, also while it is replaced. */ -}}
{{- define "square-operator.elected" -}}
{{- if ne (toString .Values.settings.leaderElect) "false" -}}
true
{{- else if gt (int .Values.replicas) 1 -}}
{{- fail "write replicas: 1, or leave settings.leaderElect out: without election every replica acts, and they use up each other's refresh tokens" -}}
{{- end -}}
{{- end -}}

{{- define "square-operator.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{ .repository }}@{{ .digest }}
{{- else -}}
{{ .repository }}:{{ default $.Chart.AppVersion .tag }}
{{- end -}}
{{- end -}}
{{- end -}}

{{- /* What settings.externalURL is made of: `true` where the web listener is on. */ -}}
{{- define "square-operator.web" -}}
{{- if .Values.settings.externalURL }}true{{ end -}}
{{- end -}}

{{- define "square-operator.web-host" -}}
{{- regexReplaceAll ":[0-9]+$" (urlParse .Values.settings.externalURL).host "" -}}
{{- end -}}

{{- define "square-operator.web-path" -}}
{{- (urlParse .Values.settings.externalURL).path | default "/" -}}
{{- end -}}
