import type { Token } from '../domain/token.ts';
import type { Outcome } from './port.ts';

/**
 * Asks with one client secret after the other until Square takes the client: it looks at the client first, so a refused
 * one spends no token and no code. `undefined` in the list asks without a secret, as PKCE does. Gives `undefined` when
 * there is nothing to ask with, or `mayAsk` says no before Square has said anything else than that it refuses the client.
 */
export async function askAsClient<T>(
  secrets: readonly (Token | undefined)[],
  mayAsk: () => boolean,
  ask: (clientSecret: Token | undefined) => Promise<Outcome<T>>,
): Promise<Outcome<T> | undefined> {
  let outcome: Outcome<T> | undefined;
  for (const secret of secrets) {
    if (!mayAsk()) return undefined;
    outcome = await ask(secret);
    if (outcome.ok || outcome.failure.class !== 'ClientRefused') break;
  }
  return outcome;
}
