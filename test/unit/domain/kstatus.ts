import type { ConnectionStatus } from '../../../src/api/connection.ts';

/**
 * The outcome as kstatus computes it for a kind that it does not know (sigs.k8s.io/cli-utils, pkg/kstatus/status):
 * generation first, then Reconciling and Stalled, at last Ready.
 */
export function kstatus({ observedGeneration, conditions = [] }: ConnectionStatus, generation: number): string {
  if (observedGeneration !== undefined && observedGeneration !== generation) return 'InProgress';
  for (const { type, status } of conditions) {
    if (type === 'Reconciling' && status === 'True') return 'InProgress';
    if (type === 'Stalled' && status === 'True') return 'Failed';
  }
  const ready = conditions.find(({ type }) => type === 'Ready');
  if (ready === undefined) return 'Current';
  return ready.status === 'True' ? 'Current' : 'InProgress';
}
