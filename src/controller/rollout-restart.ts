import { annotations, restartedFor } from '../api/names.ts';
import { formatInstant } from '../clock.ts';
import type { Observation } from '../domain/observation.ts';
import type { RestartTarget } from '../domain/restart.ts';
import type { Fact } from '../domain/step.ts';
import { isReason, type KubeClient, KubeError } from '../kube/client.ts';
import { daemonSets, deployments, type KubeObject, nameOf, type Resource, statefulSets } from '../kube/resource.ts';
import { sentence } from './write-refused.ts';

export interface RolloutRestartDeps {
  readonly client: KubeClient;
  /** Whether the operator was started with --enable-rollout-restart. */
  readonly mayRestart: boolean;
}

const resources: Readonly<Record<RestartTarget['kind'], Resource>> = {
  Deployment: deployments,
  StatefulSet: statefulSets,
  DaemonSet: daemonSets,
};

/**
 * Restarts a workload for the token that is published now, by an annotation of its pod template that names the token's
 * time: the same patch twice is one rollout, and a process that knows nothing reads there what was done. Only with the
 * consent of both sides; nothing but that annotation is ever changed.
 */
export async function restartTarget(
  { client, mayRestart }: RolloutRestartDeps,
  target: RestartTarget,
  { connection: { namespace, name }, grant }: Observation,
): Promise<Fact> {
  if (grant.kind !== 'Held') return { kind: 'Stale' };
  const not = (why: string): Fact => ({
    kind: 'NotRestarted',
    message: `${target.kind} ${target.name} was not restarted for the new token: ${why}`,
  });
  if (!mayRestart) return not('the operator runs without --enable-rollout-restart.');
  const resource = resources[target.kind];
  const mark = { [restartedFor(name)]: formatInstant(grant.grant.accessToken.issuedAt) };
  try {
    const workload = await client.get(resource, namespace, target.name);
    if (workload === undefined) return not('it does not exist. Correct spec.rolloutRestartTargets.');
    const { uid, resourceVersion, annotations: notes } = workload.metadata;
    if (notes?.[annotations.allowRestart] !== 'true') {
      return not(`it lacks the annotation ${annotations.allowRestart}: "true", which is its consent.`);
    }
    if (isMarked(workload, mark)) return { kind: 'Restarted', anew: false };
    const patch = { metadata: { uid, resourceVersion }, spec: { template: { metadata: { annotations: mark } } } };
    await client.mergePatch(resource, namespace, target.name, patch);
    return { kind: 'Restarted', anew: true };
  } catch (error) {
    // It changed, or went, between the look and the patch.
    if (isReason(error, 'Conflict') || isReason(error, 'NotFound')) return { kind: 'Stale' };
    if (!(error instanceof KubeError)) throw error;
    const refused =
      error.status === 403 ? ` Set rolloutRestart.enabled of the chart, or apply deploy/rollout-restart.` : '';
    const what = `${target.kind} ${target.name} could not be restarted (${nameOf(resource)}): `;
    return { kind: 'Unwritten', message: `${what}${sentence(error.message)}${refused} It is tried again.` };
  }
}

function isMarked(workload: KubeObject, mark: Readonly<Record<string, string>>): boolean {
  const { template } = (workload['spec'] ?? {}) as {
    template?: { metadata?: { annotations?: Record<string, string> } };
  };
  const held = template?.metadata?.annotations ?? {};
  return Object.entries(mark).every(([name, value]) => held[name] === value);
}
