module square-operator.dev/judge

go 1.25.0

require (
	github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring v0.86.0
	github.com/yuin/gopher-lua v1.1.2
	k8s.io/apimachinery v0.34.1
	layeh.com/gopher-json v0.0.0-20201124131017-552bb3c4c3bf
	sigs.k8s.io/cli-utils v0.37.2
)
