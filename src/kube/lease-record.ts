import type { Duration, Instant } from '../clock.ts';
import type { KubeObject } from './resource.ts';

/** `spec` of a coordination.k8s.io/v1 Lease. */
export interface LeaseSpec {
  /** `''`: nobody. */
  holderIdentity?: string;
  leaseDurationSeconds?: number;
  acquireTime?: string;
  renewTime?: string;
  leaseTransitions?: number;
}

export function specOf(lease: KubeObject): LeaseSpec {
  return (lease['spec'] as LeaseSpec | undefined) ?? {};
}

/** Kubernetes' MicroTime. Milliseconds are as fine as the wall clock gives. */
export function microTime(instant: Instant): string {
  return new Date(instant).toISOString().replace('Z', '000Z');
}

/** The record of `identity` taking the lease over from whom `former` names, or renewing it. */
export function claim(former: LeaseSpec, identity: string, duration: Duration, now: Instant): LeaseSpec {
  const mine = former.holderIdentity === identity;
  return {
    holderIdentity: identity,
    leaseDurationSeconds: Math.ceil(duration / 1_000),
    acquireTime: mine && former.acquireTime ? former.acquireTime : microTime(now),
    renewTime: microTime(now),
    leaseTransitions: (former.leaseTransitions ?? 0) + (mine ? 0 : 1),
  };
}

/** The record of a lease given up: whoever reads it may take it at once. */
export function release(former: LeaseSpec, now: Instant): LeaseSpec {
  return { ...former, holderIdentity: '', leaseDurationSeconds: 1, renewTime: microTime(now) };
}
