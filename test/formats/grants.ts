import type { Grant, Vacant } from '../../src/domain/grant.ts';
import { token } from '../../src/domain/token.ts';
import type { Binding } from '../../src/secrets/port.ts';

/** What the specimens are about. Nothing of it is or was anybody's. */
export const clientID = 'sq0idp-SPECIMEN';
export const namespace = 'shop';
export const operatorNamespace = 'square-operator';
export const externalURL = 'https://square.example.com';

/** When the specimens were written, as they say. */
export const written = Date.UTC(2026, 6, 1, 12);
/** Far away, so that specimens read the same in years to come. */
export const farEnd = Date.UTC(2126, 6, 1, 12);

/** In Square's shapes, and each another: `EAAA…` for access, `EQAA…` for refresh tokens. */
const access = (name: string) => token(`EAAASpecimenCanaryAccess${name}`.padEnd(64, 'x'));
export const refresh = (name: string) => token(`EQAASpecimenCanaryRefresh${name}`.padEnd(64, 'x'));

/** The process whose attempt stands in the record of `market`, and whose journal holds the answer. */
export const holder = '5bec1e5500000000000000000000dead';
export const attemptID = 'a77e9700000000000000000000000001';

export const bindingOf = (name: string, of: string = clientID): Binding => ({
  namespace,
  name,
  environment: 'Production',
  clientID: of,
});

export const uidOf = (name: string): string =>
  `5bec1e55-0000-4000-8000-${Buffer.from(name).toString('hex').padStart(12, '0').slice(-12)}`;

const grantOf = (name: string, fields: Partial<Grant> = {}): Grant => ({
  generation: 3,
  connectionUID: uidOf(name),
  environment: 'Production',
  clientID,
  kind: 'OAuth',
  merchantID: `ML${name.toUpperCase()}`,
  accessToken: { value: access(name), issuedAt: written, expiresAt: farEnd },
  refreshToken: { value: refresh(name), singleUse: false },
  requested: { scopes: ['MERCHANT_PROFILE_READ', 'ORDERS_READ'], shortLived: false },
  taken: ['digest-of-a-credential-that-was-taken'],
  handled: { refresh: '2026-06-30T09:00:00Z', disconnect: '2026-05-01T09:00:00Z', adopt: '2026-05-02T09:00:00Z' },
  sealedAt: written,
  ...fields,
});

const singleUse = (name: string): Pick<Grant, 'refreshToken'> => ({
  refreshToken: { value: refresh(name), singleUse: true, expiresAt: farEnd },
});

const personal = (name: string): Grant => {
  const { refreshToken: _, handled: __, merchantID: ___, ...rest } = grantOf(name);
  const accessToken = { value: access(name), issuedAt: written };
  return { ...rest, kind: 'PersonalAccessToken', clientID: '', accessToken, taken: [], handled: {} };
};

const vacant = (name: string): Vacant => {
  const { connectionUID, environment, taken, handled, sealedAt, merchantID = '' } = grantOf(name);
  const owner = { connectionUID, environment, clientID, taken, handled, sealedAt };
  return { kind: 'Vacant', generation: 4, ...owner, disconnected: { at: written, merchantID } };
};

/** By the name of their connection, one of every shape. */
export const sealedGrants = {
  bakery: grantOf('bakery'),
  kiosk: grantOf('kiosk', {
    ...singleUse('kiosk'),
    doubts: [
      { startedAt: written, presents: 'Held', unanswered: 0, doubted: true },
      { startedAt: written, presents: { credential: 'digest-of-another-credential' }, unanswered: 1 },
    ],
  }),
  market: grantOf('market', {
    ...singleUse('market'),
    attempt: { id: attemptID, holder, startedAt: written, presents: 'Held', unanswered: 0 },
  }),
  stall: personal('stall'),
  diner: vacant('diner'),
  cafe: grantOf('cafe', singleUse('cafe')),
} as const satisfies Record<string, Grant | Vacant>;

/** What is kept elsewhere: a newer grant of `cafe` in escrow, and a sign-in to `diner` that nobody has taken up. */
export const escrowed = grantOf('cafe', { ...singleUse('cafe-next'), generation: 4 });
export const arrived = grantOf('diner', { generation: 5, taken: ['sign-in/0123456789abcdef0123456789abcdef'] });
