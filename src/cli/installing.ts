/** What helps where no operator is: its definitions alone would keep Helm from installing it, since they would not be Helm's. */
export const howToInstall =
  'Install it by its chart ("helm install square-operator charts/square-operator …") or deploy/install.yaml: README, "Install in a cluster", and docs/installing.md.';

/** For whoever keeps the definitions apart from the chart. */
export const definitionsApart =
  'with crds.install=false, kubectl apply --server-side -f crds/ (of the version that runs)';
