import type { Instant } from '../clock.ts';
import { isAmong } from './given.ts';
import type { Grant } from './grant.ts';
import type { Observation } from './observation.ts';
import { extend } from './streak.ts';
import { pinnedMerchant } from './wanted.ts';

/**
 * What the credential that is given gave, when the pin stood in its way and the credential works no more: it waits for the
 * pin to be corrected, and the credential is not presented again.
 */
export const setAsideOf = (o: Pick<Observation, 'arrivals' | 'credential'>): Grant | undefined => asideOf(o)?.grant;

/** The same, and why it could not be stored so far. */
function asideOf({
  arrivals = [],
  credential,
}: Pick<Observation, 'arrivals' | 'credential'>): { readonly grant: Grant; readonly refused?: string } | undefined {
  if (credential.kind !== 'Given') return undefined;
  for (const { content } of arrivals) {
    if (content.kind !== 'SetAside') continue;
    const { grant, refused } = content;
    if (grant !== undefined && isAmong(credential, grant.taken))
      return { grant, ...(refused !== undefined && { refused }) };
  }
  return undefined;
}

/**
 * What the record remembers as taken once `arrived` is: not what is set aside of another seller, which waits on; but what is
 * of the same one, and older than the sign-in.
 */
export function takenBeside(
  { arrivals = [] }: Pick<Observation, 'arrivals'>,
  arrived: Grant,
  taken: readonly string[],
): readonly string[] {
  const remembered = new Set(taken);
  for (const { content } of arrivals) {
    const aside = content.kind === 'SetAside' ? content.grant : undefined;
    for (const one of aside?.taken ?? []) {
      if (aside?.merchantID === arrived.merchantID) remembered.add(one);
      else remembered.delete(one);
    }
  }
  return [...remembered];
}

/** What there is to say of a credential of another seller than the pinned one. */
export const ofOtherMerchant = (merchantID: string, pin: string): string =>
  `The credential belongs to merchant ${merchantID}, but this connection is pinned to ${pin}: give a credential of that seller, or correct spec.merchantID.`;

/** And of what it gave; `refused`: why that could not be stored beside the connection so far. */
export const keptAside = (refused?: string): string =>
  `It works once and is used up: what Square gave for it is kept, sealed, for that correction, as long as it is given here.${refused === undefined ? '' : ` It could not be stored in this namespace yet, and is written again until it is: ${refused}`}`;

/**
 * The process that set it aside may have ended before it could say so, and nothing else tells of it. Nor is it said to be kept
 * once it is gone, or the connection to be pinned as it was before.
 */
export function tellSetAside(o: Observation, at: Instant): Observation {
  const { credential, history } = o;
  if (credential.kind !== 'Given') return o;
  const { TakeUp } = history.failures;
  const told = TakeUp?.class === 'OtherMerchant' && history.triedCredential === credential.digest ? TakeUp : undefined;
  const aside = asideOf(o);
  const merchantID = (aside?.grant ?? told)?.merchantID;
  const pin = pinnedMerchant(o);
  if (merchantID === undefined || pin === undefined || merchantID === pin) return o;
  if (aside === undefined && isHidden(o)) return o;
  const message = `${ofOtherMerchant(merchantID, pin)}${aside === undefined ? '' : ` ${keptAside(aside.refused)}`}`;
  const streak = extend(undefined, { class: 'OtherMerchant', reason: 'OtherMerchant', message, merchantID }, at);
  if (told?.message === streak.message) return o;
  const failures = { ...history.failures, TakeUp: told === undefined ? streak : { ...told, message: streak.message } };
  return { ...o, history: { ...history, failures, triedCredential: credential.digest } };
}

/** Something is set aside that cannot be looked into now. */
const isHidden = ({ arrivals = [] }: Observation): boolean =>
  arrivals.some(({ content }) => content.kind === 'SetAside' && content.grant === undefined);
