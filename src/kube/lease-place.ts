import { type Duration, seconds } from '../clock.ts';
import { isReason } from './client.ts';
import type { LeaderElectionOptions, Timing } from './lease.ts';
import { claim, type LeaseSpec, release, specOf } from './lease-record.ts';
import type { KubeObject } from './resource.ts';
import { leases } from './resource.ts';

/** The Lease object and what this process knows of it. */
export interface LeasePlace {
  /** Takes or renews the lease where that may be done, else looks who has it. Rejects when it cannot be known. */
  attempt(): Promise<void>;
  /** Gives the lease up when it is ours. */
  release(): Promise<void>;
  /** When (monotonic) the last successful renewal was asked for; `undefined` while the lease is not ours. */
  renewed: () => Duration | undefined;
  holder: () => string | undefined;
}

export function createLeasePlace(options: LeaderElectionOptions & { timing: Timing }): LeasePlace {
  const { client, clock, namespace, name, identity, timing } = options;
  let known: KubeObject | undefined;
  /** When this process saw `known` for the first time. Expiry is judged by this, never by the times in the record. */
  let seen: Duration = 0;
  let renewed: Duration | undefined;

  const learn = (lease: KubeObject | undefined) => {
    if (lease?.metadata.resourceVersion !== known?.metadata.resourceVersion) seen = clock.monotonic();
    known = lease;
    if (lease === undefined || specOf(lease).holderIdentity !== identity) renewed = undefined;
  };
  /** The answer must come while it is of use; a late one is found by the next look. */
  const inTime = async <R>(request: Promise<R>): Promise<R> => {
    const limit = timing.renewDeadline / 2;
    const late = Promise.withResolvers<never>();
    const cancel = clock.after(limit, () => late.reject(new Error(`no answer within ${limit / seconds(1)} s`)));
    try {
      return await Promise.race([request, late.promise]);
    } finally {
      cancel();
    }
  };
  const look = async () => learn(await inTime(client.get(leases, namespace, name)));
  const isFree = (lease: KubeObject): boolean => {
    const { holderIdentity, leaseDurationSeconds } = specOf(lease);
    if (!holderIdentity || holderIdentity === identity) return true;
    const duration = leaseDurationSeconds === undefined ? timing.leaseDuration : seconds(leaseDurationSeconds);
    return clock.monotonic() - seen > duration;
  };
  /** A compare-and-set: it fails when anyone else wrote since. */
  const write = async (former: KubeObject, spec: LeaseSpec) => {
    learn(await inTime(client.update(leases, { ...former, spec })));
  };
  const take = async () => {
    const asked = clock.monotonic();
    const spec = claim(known === undefined ? {} : specOf(known), identity, timing.leaseDuration, clock.wall());
    if (known === undefined) {
      const created: KubeObject = { metadata: { namespace, name }, spec: { ...spec, leaseTransitions: 0 } };
      learn(await inTime(client.create(leases, created)));
    } else await write(known, spec);
    renewed = asked;
  };

  return {
    renewed: () => renewed,
    holder: () => (known === undefined ? undefined : specOf(known).holderIdentity || undefined),
    async attempt() {
      // The holder renews what it wrote last, unseen; everyone else looks first.
      if (renewed === undefined) await look();
      if (known !== undefined && !isFree(known)) return;
      try {
        await take();
      } catch (error) {
        if (isReason(error, 'AlreadyExists')) return look();
        await look();
        if (!isReason(error, 'Conflict')) throw error;
      }
    },
    async release() {
      const former = known;
      renewed = undefined;
      if (former === undefined || specOf(former).holderIdentity !== identity) return;
      await write(former, release(specOf(former), clock.wall()));
    },
  };
}
