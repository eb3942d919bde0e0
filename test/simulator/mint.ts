import { randomBytes } from 'node:crypto';
import type { Environment } from './rows.ts';

const random = (length: number) => randomBytes(length).toString('base64url').slice(0, length);

const letters = 'ABCDEFGHJKLMNPQRSTUVWXYZ0123456789';
const capitals = (length: number) => Array.from(randomBytes(length), (byte) => letters[byte % letters.length]).join('');

/** Makes values in the shapes that Square's have, so that whatever masks or measures them is tried on the real thing. */
export function createMint(environment: Environment) {
  const sandbox = environment === 'Sandbox';
  return {
    clientID: () => (sandbox ? `sandbox-sq0idb-${random(22)}` : `sq0idp-${random(22)}`),
    clientSecret: () => (sandbox ? `sandbox-sq0csb-${random(43)}` : `sq0csp-${random(43)}`),
    code: () => (sandbox ? `sandbox-sq0cgb-${random(22)}` : `sq0cgp-${random(22)}`),
    accessToken: () => `EAAA${random(60)}`,
    refreshToken: () => `EQAA${random(60)}`,
    legacyToken: () => (sandbox ? `sandbox-sq0atb-${random(22)}` : `sq0atp-${random(22)}`),
    jsonWebToken: () => `eyJhbGciOiJFUzI1NiJ9.${random(120)}.${random(86)}`,
    merchantID: () => `ML${capitals(11)}`,
    locationID: () => `L${capitals(12)}`,
    signatureKey: () => random(22),
  };
}

export type Mint = ReturnType<typeof createMint>;
