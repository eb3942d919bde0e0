import type { Observation } from '../domain/observation.ts';
import type { Fact, Step } from '../domain/step.ts';
import type { Token } from '../domain/token.ts';
import type { Locations, Merchant, Outcome, SquareClient, TokenStatus } from '../square/port.ts';
import type { Applications } from './applications.ts';

/**
 * Asks Square whether the access token works, by the call that Square names for it (Square, "OAuth best practices":
 * ListLocations). A token without the permission for that call is put to RetrieveTokenStatus instead. What is not known
 * yet of permissions, seller and business name is asked in the same breath.
 */
export async function verify(
  square: SquareClient,
  applications: Pick<Applications, 'disabled' | 'enabled'>,
  step: Step & { kind: 'Verify' },
  o: Observation,
): Promise<Fact> {
  const fact = await ask(square, step, o);
  const { application } = o;
  if (application.kind !== 'Found') return fact;
  if (fact.kind === 'Verified') applications.enabled(application.ref);
  const disabled = fact.kind === 'Failed' && fact.failure.reason === 'ClientDisabled';
  return disabled ? { ...fact, refusal: applications.disabled(application.ref) } : fact;
}

async function ask(square: SquareClient, { because }: Step & { kind: 'Verify' }, o: Observation): Promise<Fact> {
  if (o.grant.kind !== 'Held') return { kind: 'Stale' };
  const token = o.grant.grant.accessToken.value;
  if (because === 'AnswerLost') return await witness(square, token);
  const unnamed = o.grant.grant.merchantID === undefined;
  const [locations, status, merchant] = await Promise.all([
    square.listLocations(token),
    o.history.scopes === undefined || unnamed ? statusOf(square, token) : undefined,
    o.history.merchantName === undefined || unnamed ? sellerBy(square, token) : undefined,
  ]);
  const proof = await provenBy(square, token, locations);
  if (!proof.ok) return { kind: 'Failed', failure: proof.failure };
  const merchantID = status?.merchantID ?? merchant?.id ?? (locations.ok ? locations.value.merchantID : undefined);
  return {
    kind: 'Verified',
    ...(status === undefined ? {} : { scopes: [...status.scopes].sort() }),
    ...(merchant === undefined ? {} : { merchantName: merchant.businessName ?? '' }),
    ...(merchantID === undefined ? {} : { merchantID }),
  };
}

/**
 * Whether what issues tokens answers again. RetrieveTokenStatus belongs to it (Square, OAuth API), and says just as well
 * whether the token works.
 */
async function witness(square: SquareClient, token: Token): Promise<Fact> {
  const status = await square.retrieveTokenStatus(token);
  if (!status.ok) return { kind: 'Failed', failure: status.failure };
  const { scopes, merchantID } = status.value;
  return {
    kind: 'Verified',
    scopes: [...scopes].sort(),
    ...(merchantID === undefined ? {} : { merchantID }),
  };
}

async function provenBy(square: SquareClient, token: Token, locations: Outcome<Locations>): Promise<Outcome<unknown>> {
  if (locations.ok || locations.failure.class !== 'InsufficientScopes') return locations;
  return await square.retrieveTokenStatus(token);
}

async function statusOf(square: SquareClient, token: Token): Promise<TokenStatus | undefined> {
  const status = await square.retrieveTokenStatus(token);
  return status.ok ? status.value : undefined;
}

/** Needs MERCHANT_PROFILE_READ, as ListLocations does. Without it the name stays unknown, and nothing else is lost. */
async function sellerBy(square: SquareClient, token: Token): Promise<Merchant | undefined> {
  const merchant = await square.retrieveMerchant(token);
  return merchant.ok ? merchant.value : undefined;
}
