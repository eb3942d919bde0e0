import { type AttemptState, doubtOf } from './attempt.ts';
import type { Credential } from './observation.ts';

export type Given = Credential & { kind: 'Given' };

/** Whether one of these digests is the value's. */
export const isAmong = ({ digest, otherDigests = [] }: Given, digests: readonly string[]): boolean =>
  digests.includes(digest) || otherDigests.some((other) => digests.includes(other));

/** What an attempt with it presents: by the digest that an earlier one is known by, or else by its own. */
export function presenting(given: Given, known: AttemptState): { readonly credential: string } {
  const names = [given.digest, ...(given.otherDigests ?? [])].map((credential) => ({ credential }));
  return names.find((presents) => doubtOf(known, presents) !== undefined) ?? { credential: given.digest };
}
