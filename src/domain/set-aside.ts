import type { Instant } from '../clock.ts';
import { isAmong } from './given.ts';
import type { Grant } from './grant.ts';
import type { Arrival, Observation } from './observation.ts';
import { extend } from './streak.ts';
import { pinnedMerchant } from './wanted.ts';

/**
 * What the credential that is given gave, when the pin stood in its way and the credential works no more: it waits for the
 * pin to be corrected, and the credential is not presented again.
 */
export const setAsideOf = (o: Pick<Observation, 'arrivals' | 'credential'>): Grant | undefined => asideOf(o)?.grant;

interface Aside {
  /** The Secret that it lies in, or is to lie in. */
  readonly secret: string;
  readonly grant: Grant;
  /** Why it could not be stored there so far. */
  readonly refused?: string;
}

function asideOf({ arrivals = [], credential }: Pick<Observation, 'arrivals' | 'credential'>): Aside | undefined {
  if (credential.kind !== 'Given') return undefined;
  for (const { secret, content } of arrivals) {
    if (content.kind !== 'SetAside') continue;
    const { grant, refused } = content;
    if (grant !== undefined && isAmong(credential, grant.taken)) {
      return { secret, grant, ...(refused !== undefined && { refused }) };
    }
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
      const isOfSame = aside?.merchantID !== undefined && aside.merchantID === arrived.merchantID;
      if (isOfSame || aside === arrived) remembered.add(one);
      else remembered.delete(one);
    }
  }
  return [...remembered];
}

/** What there is to say of a credential of another seller than the pinned one. */
export const ofOtherMerchant = (merchantID: string, pin: string): string =>
  `The credential belongs to merchant ${merchantID}, but this connection is pinned to ${pin}: give a credential of that seller, or correct spec.merchantID.`;

/** And of what it gave; `refused`: why that could not be stored beside the connection so far. */
export const keptAside = (refused?: string): string => kept('for that correction', refused);

/** The same, of one of which nobody knows whose it is. */
export const keptUnnamed = (refused?: string): string => kept('and Square is asked again whose it is', refused);

function kept(until: string, refused: string | undefined): string {
  const waits =
    refused === undefined
      ? ''
      : ` It could not be stored in this namespace yet, and is written again until it is: ${refused}`;
  return `It works once and is used up: what Square gave for it is kept, sealed, ${until}, as long as it is given here.${waits}`;
}

/**
 * The process that set it aside may have ended before it could say so, and nothing else tells of it. Nor is it said to be kept
 * once it is gone, or the connection to be pinned as it was before.
 */
export function tellSetAside(seen: Observation, at: Instant): Observation {
  const { credential, history } = seen;
  if (credential.kind !== 'Given') return seen;
  const { TakeUp } = history.failures;
  const told = TakeUp?.class === 'OtherMerchant' && history.triedCredential === credential.digest ? TakeUp : undefined;
  const o = nameAsTold(seen, told?.merchantID);
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

/** Whose it is was asked and told before, unless what is set aside says so itself. */
function nameAsTold(o: Observation, merchantID: string | undefined): Observation {
  const aside = asideOf(o);
  const isUnnamed = aside !== undefined && aside.grant.merchantID === undefined;
  return isUnnamed && merchantID !== undefined ? nameArrival(o, aside.secret, merchantID) : o;
}

/** The same, with the seller of what a sign-in gave, or of what is set aside, where that does not say it itself. */
export function nameArrival(o: Observation, secret: string, merchantID: string): Observation {
  const name = (arrival: Arrival): Arrival => {
    const { content } = arrival;
    const grant = arrival.secret === secret && 'grant' in content ? content.grant : undefined;
    if (grant === undefined || grant.merchantID !== undefined) return arrival;
    return { ...arrival, content: { ...content, grant: { ...grant, merchantID } } as Arrival['content'] };
  };
  return { ...o, arrivals: (o.arrivals ?? []).map(name) };
}

/** Something is set aside that cannot be looked into now. */
const isHidden = ({ arrivals = [] }: Observation): boolean =>
  arrivals.some(({ content }) => content.kind === 'SetAside' && content.grant === undefined);
