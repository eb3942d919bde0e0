import type { Credential } from './observation.ts';

export type Given = Credential & { kind: 'Given' };

/** Whether one of these digests is the value's. */
export const isAmong = ({ digest, otherDigests = [] }: Given, digests: readonly string[]): boolean =>
  digests.includes(digest) || otherDigests.some((other) => digests.includes(other));
