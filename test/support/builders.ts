import type { ConnectionSpec } from '../../src/api/connection.ts';
import { days, type Instant } from '../../src/clock.ts';
import type { Failure } from '../../src/domain/failure.ts';
import type { Grant, Vacant } from '../../src/domain/grant.ts';
import type {
  Application,
  Connection,
  Credential,
  FailureStreak,
  GrantState,
  History,
  Now,
  Observation,
  TokenSecret,
} from '../../src/domain/observation.ts';
import { token } from '../../src/domain/token.ts';

/** The moment at which these things are looked at, unless a test says otherwise. */
export const noon: Instant = Date.UTC(2026, 6, 1, 12);

export const uid = '7f0f6f5e-0000-4000-8000-00000000bake';

/** A token in Square's shape that stands out wherever it should not be. */
export const canary = 'EAAACanaryCanaryCanary';

export const at = (square: Instant, fields: Partial<Now> = {}): Now => ({
  square,
  confirmed: true,
  wall: square,
  ...fields,
});

export const aSpec = (fields: Partial<ConnectionSpec> = {}): ConnectionSpec => ({
  applicationRef: { name: 'pos' },
  ...fields,
});

export const aConnection = (fields: Partial<Connection> = {}, spec: Partial<ConnectionSpec> = {}): Connection => ({
  namespace: 'shop',
  name: 'bakery',
  uid,
  generation: 1,
  createdAt: noon - days(10),
  deleting: false,
  deletedAt: 0,
  finalized: false,
  revokeAll: false,
  spec: { ok: true, value: aSpec(spec) },
  requests: {},
  ...fields,
});

type Found = Application & { kind: 'Found' };

export const anApplication = (fields: Partial<Found> = {}): Found => ({
  kind: 'Found',
  ref: 'shop/pos',
  environment: 'Production',
  clientID: 'sq0idp-EXAMPLE',
  scopes: [],
  clientSecret: { kind: 'Present' },
  ...fields,
});

/** Taken up two days ago, with an access token of 30 days. */
export const aGrant = (fields: Partial<Grant> = {}): Grant => ({
  generation: 3,
  connectionUID: uid,
  environment: 'Production',
  clientID: 'sq0idp-EXAMPLE',
  kind: 'OAuth',
  merchantID: 'M-BAKERY',
  accessToken: { value: token(canary), issuedAt: noon - days(2), expiresAt: noon + days(28) },
  refreshToken: { value: token('EQAACanaryRefresh'), singleUse: false },
  requested: { scopes: [], shortLived: false },
  taken: ['taken'],
  handled: {},
  sealedAt: noon - days(2),
  ...fields,
});

/** A personal access token: no end, no refresh token. */
export const aPersonalGrant = (fields: Partial<Grant> = {}): Grant => {
  const { refreshToken: _, ...grant } = aGrant({ kind: 'PersonalAccessToken', clientID: '', ...fields });
  return { ...grant, accessToken: { value: token(canary), issuedAt: noon - days(2) } };
};

export const held = (fields: Partial<Grant> = {}): GrantState & { kind: 'Held' } => ({
  kind: 'Held',
  grant: aGrant(fields),
  keyID: 'key-1',
});

/** What is left of a grant that was ended at Square at noon. */
export const vacated = (fields: Partial<Vacant> = {}): GrantState & { kind: 'Vacant' } => ({
  kind: 'Vacant',
  record: {
    kind: 'Vacant',
    generation: 4,
    connectionUID: uid,
    environment: 'Production',
    clientID: 'sq0idp-EXAMPLE',
    taken: [],
    handled: {},
    sealedAt: noon,
    disconnected: { at: noon, merchantID: 'M-BAKERY' },
    ...fields,
  },
  keyID: 'key-1',
});

export const ours = (fields: Partial<TokenSecret & { kind: 'Ours' }> = {}): TokenSecret => ({
  kind: 'Ours',
  name: 'bakery',
  current: true,
  ...fields,
});

export const aCredential = (fields: Partial<Credential & { kind: 'Given' }> = {}): Credential => ({
  kind: 'Given',
  type: 'refreshToken',
  digest: 'new',
  ...fields,
});

export const aStreak = (fields: Partial<FailureStreak> = {}): FailureStreak => ({
  since: noon,
  time: noon,
  count: 1,
  class: 'Unreachable',
  reason: 'SquareConnectionLost',
  message: 'ObtainToken: the connection to Square was lost.',
  ...fields,
});

export const aFailure = (fields: Partial<Failure> = {}): Failure => ({
  class: 'Unreachable',
  reason: 'SquareConnectionLost',
  operation: 'ObtainToken',
  message: 'ObtainToken: the connection to Square was lost.',
  maybeActed: false,
  ...fields,
});

/** Proven an hour ago, nothing failed. */
export const aHistory = (fields: Partial<History> = {}): History => ({
  revision: 3,
  proof: { kind: 'Accepted' },
  inPlaceOf: 'Nothing',
  failures: {},
  verifyFrom: noon,
  verifiedAt: noon,
  tokenEnds: noon + days(28),
  merchantName: 'Bakery',
  scopes: ['MERCHANT_PROFILE_READ'],
  handled: {},
  ...fields,
});

/** A healthy connection: authorized, proven, published; nothing is due for days. */
export const anObservation = (fields: Partial<Observation> = {}): Observation => ({
  connection: aConnection(),
  application: anApplication(),
  credential: { kind: 'None' },
  grant: held(),
  sealedSecret: { finalized: false, deleting: false },
  attempt: { kind: 'None' },
  tokenSecret: ours(),
  formerTokenSecrets: [],
  history: aHistory(),
  sharedWith: [],
  namespace: 'Unknown',
  ...fields,
});

/** A connection to which nothing was given yet. */
export const aNewObservation = (fields: Partial<Observation> = {}): Observation =>
  anObservation({
    credential: aCredential(),
    grant: { kind: 'Absent' },
    tokenSecret: { kind: 'Absent', name: 'bakery' },
    history: {
      revision: 0,
      proof: { kind: 'None' },
      inPlaceOf: 'Nothing',
      failures: {},
      verifyFrom: noon,
      handled: {},
    },
    ...fields,
  });
