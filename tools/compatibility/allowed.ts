/**
 * What a definition refuses now that an earlier release let in, word for word as `npm run verify` says it, and why no stored
 * object is harmed by it. The API server lets an object that breaks such a rule already stand, and be changed elsewhere
 * (ratcheting, Kubernetes 1.33), so what is said here is what whoever writes that very field meets.
 */
export const allowed: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    ['squareapplications', 'squareconnections'].map((plural) => [
      `${plural}.square-operator.dev: v1alpha1.status: x-kubernetes-map-type was absent, is "atomic"`,
      'Only the operator writes a status. It says who owns which field, and no value means anything else by it; with the next write the API server sets its managed fields anew.',
    ]),
  ),
  "squareconnections.square-operator.dev: v1alpha1.spec.secret.type: another rule: !(self.startsWith('square-operator.dev/') || self.startsWith('bootstrap.kubernetes.io/') || self.startsWith('helm.sh/') || self == 'kubernetes.io/service-account-token')":
    'Nobody keeps a published token as a token by which nodes join, or as a release of Helm, but to deceive the cluster; and the type cannot change, so nobody writes that field again.',
};
