import type { Token } from '../domain/token.ts';
import type { Outcome, SquareClient } from './port.ts';

/**
 * Whose an access token is, for a reply that does not say: by RetrieveTokenStatus, which needs no permission, or else by
 * RetrieveMerchant, which needs MERCHANT_PROFILE_READ. The failure is of the question that could be asked again.
 */
export async function sellerOf(
  square: Pick<SquareClient, 'retrieveTokenStatus' | 'retrieveMerchant'>,
  accessToken: Token,
): Promise<Outcome<string>> {
  const status = await square.retrieveTokenStatus(accessToken);
  if (status.ok && status.value.merchantID !== undefined) return { ok: true, value: status.value.merchantID };
  const merchant = await square.retrieveMerchant(accessToken);
  if (merchant.ok) return { ok: true, value: merchant.value.id };
  return status.ok ? merchant : status;
}
