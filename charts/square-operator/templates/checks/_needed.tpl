{{- /* Generated from tools/generate/values-schema.ts by "npm run generate". Do not edit. */ -}}
{{- define "square-operator.needed" -}}
settings
image
replicas
terminationGracePeriodSeconds
journal
sealingKeys
rolloutRestart
crds
rbac
serviceAccount
aggregatedRoles
admissionPolicies
podDisruptionBudget
networkPolicy
metrics
metrics.service
metrics.serviceMonitor
metrics.podMonitor
alerts
dashboard
web
web.service
web.service.port
web.ingress
web.httpRoute
image.repository
alerts.runbooks
{{- end -}}
