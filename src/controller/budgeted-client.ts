import { type Clock, type Duration, sleep } from '../clock.ts';
import type { Failure, Operation } from '../domain/failure.ts';
import type { Outcome, SquareClient } from '../square/port.ts';
import type { Budget, Reserve } from './budget.ts';

export interface Charging {
  readonly clock: Clock;
  readonly budget: Budget;
  readonly reserve: Reserve;
  /** A call that would have to wait longer is not made. */
  readonly patience: Duration;
  readonly mayAct: () => boolean;
  readonly onTooMany: (sentAt: Duration, retryAfter: Duration | undefined) => void;
}

/**
 * A client of Square whose every call is charged to a budget, and waits for it where it has to. A token request never waits
 * here: by then its turn has come, and what was noted of it counts on its being sent at once.
 */
export function withinBudget(client: SquareClient, charging: Charging): SquareClient {
  const { clock, budget, reserve, patience, mayAct, onTooMany } = charging;

  async function send<T>(call: () => Promise<Outcome<T>>): Promise<Outcome<T>> {
    const sentAt = clock.monotonic();
    const outcome = await call();
    if (!outcome.ok && outcome.failure.class === 'RateLimited') onTooMany(sentAt, outcome.failure.retryAfter);
    return outcome;
  }

  async function inTurn<T>(operation: Operation, call: () => Promise<Outcome<T>>): Promise<Outcome<T>> {
    const wait = budget.take(reserve, patience);
    if (wait === undefined) return notAsked(operation);
    if (wait > 0) await sleep(clock, wait);
    return mayAct() ? await send(call) : notAsked(operation);
  }

  function atOnce<T>(call: () => Promise<Outcome<T>>): Promise<Outcome<T>> {
    budget.takeNow(reserve);
    return send(call);
  }

  return {
    ...client,
    obtainToken: (...asked) => atOnce(() => client.obtainToken(...asked)),
    exchangeToken: (...asked) => atOnce(() => client.exchangeToken(...asked)),
    revokeToken: (...asked) => inTurn('RevokeToken', () => client.revokeToken(...asked)),
    retrieveTokenStatus: (...asked) => inTurn('RetrieveTokenStatus', () => client.retrieveTokenStatus(...asked)),
    listLocations: (...asked) => inTurn('ListLocations', () => client.listLocations(...asked)),
    retrieveMerchant: (...asked) => inTurn('RetrieveMerchant', () => client.retrieveMerchant(...asked)),
  };
}

/**
 * A client for a person who waits: its calls are charged to the budget, and go before all others, which wait the longer for
 * them.
 */
export function aheadOfBudget(
  client: SquareClient,
  { clock, budget, onTooMany }: Pick<Charging, 'clock' | 'budget' | 'onTooMany'>,
): SquareClient {
  async function send<T>(call: () => Promise<Outcome<T>>): Promise<Outcome<T>> {
    budget.takeNow({ left: 0, cuts: 0 });
    const sentAt = clock.monotonic();
    const outcome = await call();
    if (!outcome.ok && outcome.failure.class === 'RateLimited') onTooMany(sentAt, outcome.failure.retryAfter);
    return outcome;
  }
  return {
    ...client,
    obtainToken: (...asked) => send(() => client.obtainToken(...asked)),
    exchangeToken: (...asked) => send(() => client.exchangeToken(...asked)),
    revokeToken: (...asked) => send(() => client.revokeToken(...asked)),
    retrieveTokenStatus: (...asked) => send(() => client.retrieveTokenStatus(...asked)),
    listLocations: (...asked) => send(() => client.listLocations(...asked)),
    retrieveMerchant: (...asked) => send(() => client.retrieveMerchant(...asked)),
  };
}

/** Nothing was sent, and the call counts as one that Square would not have taken now. */
function notAsked(operation: Operation): { readonly ok: false; readonly failure: Failure } {
  const message = `${operation}: not asked, since the calls that the application may make now are used up. It is tried again.`;
  return { ok: false, failure: { class: 'RateLimited', reason: 'RateLimited', operation, message, maybeActed: false } };
}
