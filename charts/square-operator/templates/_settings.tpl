{{- /* Generated from src/config.ts by "npm run generate". Do not edit. */ -}}
{{- define "square-operator.settings" -}}
{{- if not (kindIs "invalid" .Values.settings.leaderElect) }}
- {{ printf "--leader-elect=%v" .Values.settings.leaderElect | quote }}
{{- end }}
{{- if not (kindIs "invalid" .Values.settings.leaseDuration) }}
- {{ printf "--leader-elect-lease-duration=%v" .Values.settings.leaseDuration | quote }}
{{- end }}
{{- if not (kindIs "invalid" .Values.settings.concurrency) }}
- {{ printf "--concurrency=%v" .Values.settings.concurrency | quote }}
{{- end }}
{{- if not (kindIs "invalid" .Values.settings.tokenRequestConcurrency) }}
- {{ printf "--token-request-concurrency=%v" .Values.settings.tokenRequestConcurrency | quote }}
{{- end }}
{{- if not (kindIs "invalid" .Values.settings.externalURL) }}
- {{ printf "--external-url=%v" .Values.settings.externalURL | quote }}
{{- end }}
{{- if not (kindIs "invalid" .Values.settings.squareProductionURL) }}
- {{ printf "--square-production-url=%v" .Values.settings.squareProductionURL | quote }}
{{- end }}
{{- if not (kindIs "invalid" .Values.settings.squareSandboxURL) }}
- {{ printf "--square-sandbox-url=%v" .Values.settings.squareSandboxURL | quote }}
{{- end }}
{{- if not (kindIs "invalid" .Values.settings.logLevel) }}
- {{ printf "--log-level=%v" .Values.settings.logLevel | quote }}
{{- end }}
{{- end -}}
