import { type Clock, seconds, sleep } from '../clock.ts';
import { type Failure, isTransient } from '../domain/failure.ts';
import type { Observation } from '../domain/observation.ts';
import { ofOtherMerchant } from '../domain/set-aside.ts';
import type { Fact } from '../domain/step.ts';
import type { Token } from '../domain/token.ts';
import { pinnedMerchant } from '../domain/wanted.ts';
import type { Outcome, SquareClient } from '../square/port.ts';
import { sellerOf } from '../square/seller.ts';
import { sellerNotNamed } from '../square/verdicts.ts';

/** What Square gave, as far as the question goes whose it is. */
interface Given {
  readonly accessToken: Token;
  readonly merchantID?: string;
}

export interface SellerDeps {
  readonly clock: Clock;
  readonly square: Pick<SquareClient, 'retrieveTokenStatus' | 'retrieveMerchant'>;
}

/** Pauses between questions about a token whose refresh token may be spent: what is given up now is lost. */
const pauses = [seconds(1), seconds(3), seconds(8), seconds(20)];

/**
 * What Square gave, with its seller named, asked for when the reply does not say. With a pin nothing of an unknown seller
 * goes on: after about half a minute of asking it is a failure. Without one it goes on unnamed, and is asked about when
 * it is verified.
 */
export async function named<T extends Given>(
  { clock, square }: SellerDeps,
  given: T,
  pin: string | undefined,
): Promise<Outcome<T>> {
  if (given.merchantID !== undefined) return { ok: true, value: given };
  let seller = await sellerOf(square, given.accessToken);
  if (pin === undefined) return { ok: true, value: seller.ok ? { ...given, merchantID: seller.value } : given };
  for (const pause of pauses) {
    if (seller.ok || !isTransient(seller.failure)) break;
    await sleep(clock, pause);
    seller = await sellerOf(square, given.accessToken);
  }
  return seller.ok ? { ok: true, value: { ...given, merchantID: seller.value } } : { ok: false, failure: unnamed(pin) };
}

const unnamed = (pin: string): Failure => ({
  class: sellerNotNamed.class,
  reason: sellerNotNamed.reason,
  operation: 'RetrieveTokenStatus',
  message: `${sellerNotNamed.message} (pinned to ${pin}).`,
  maybeActed: true,
});

type Stranger = Fact & { kind: 'OtherMerchant' };

/** The token is another seller's than the pinned one; `undefined` when it is not, or nobody knows. */
export function otherMerchant(
  o: Observation,
  merchantID: string | undefined,
  credential?: string,
): Stranger | undefined {
  const pin = pinnedMerchant(o);
  if (pin === undefined || merchantID === undefined || merchantID === pin) return undefined;
  return {
    kind: 'OtherMerchant',
    merchantID,
    message: ofOtherMerchant(merchantID, pin),
    ...(credential === undefined ? {} : { credential }),
  };
}
