import { onTestFinished } from 'vitest';
import { createSquareTime, systemClock } from '../../../src/clock.ts';
import { token } from '../../../src/domain/token.ts';
import { createSquareClient, type SquareClient, type SquareClientOptions } from '../../../src/square/client.ts';
import { aStage } from '../simulator/stage.ts';

/** A client of whatever answers at `baseURL`. Ends with the test. */
export function aClient(baseURL: string, options: Partial<SquareClientOptions> = {}) {
  const time = createSquareTime(systemClock);
  const client = createSquareClient({ baseURL, clock: systemClock, time, ...options });
  onTestFinished(() => client.close());
  return { client, time: options.time ?? time };
}

/** The client, a simulator, and a grant that the simulator gave. */
export async function aConnectedStage(options: Partial<SquareClientOptions> = {}, flow: 'Code' | 'PKCE' = 'Code') {
  const stage = await aStage();
  const { simulator, application, holder } = stage;
  const grant = simulator.grant({ ...holder, flow });
  const identity = { clientID: application.clientID, clientSecret: token(application.clientSecret) };
  return {
    ...stage,
    ...aClient(simulator.url, options),
    identity,
    accessToken: token(grant.accessToken.value),
    refreshToken: token(grant.refreshToken.value),
  };
}

/** Every call the operator makes, with made-up secrets: for what does not depend on them. */
export const calls = (client: SquareClient) => {
  const clientID = 'sq0idp-EXAMPLE';
  const clientSecret = token('sq0csp-CANARY');
  const accessToken = token('EAAACANARY');
  const identity = { clientID, clientSecret };
  return {
    refresh: () => client.obtainToken({ ...identity, grantType: 'refresh_token', refreshToken: token('EQAACANARY') }),
    code: () => client.obtainToken({ ...identity, grantType: 'authorization_code', code: token('sq0cgp-CANARY') }),
    migration: () =>
      client.obtainToken({ ...identity, grantType: 'migration_token', migrationToken: token('sq0atp-CANARY') }),
    revoke: () => client.revokeToken({ clientID, clientSecret, accessToken }),
    status: () => client.retrieveTokenStatus(accessToken),
    locations: () => client.listLocations(accessToken),
    merchant: () => client.retrieveMerchant(accessToken),
  };
};

export type CallName = keyof ReturnType<typeof calls>;
