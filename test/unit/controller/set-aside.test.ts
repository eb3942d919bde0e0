import { describe, expect, test } from 'vitest';
import { connectionOfIncomingSecret } from '../../../src/api/names.ts';
import { days } from '../../../src/clock.ts';
import { createIndex } from '../../../src/controller/index-by.ts';
import { observeArrivals } from '../../../src/controller/observe-arrivals.ts';
import { setAside } from '../../../src/controller/set-aside.ts';
import type { RefreshToken } from '../../../src/domain/grant.ts';
import type { Application } from '../../../src/domain/observation.ts';
import { token } from '../../../src/domain/token.ts';
import { keyOf } from '../../../src/kube/resource.ts';
import { projectIncoming } from '../../../src/secrets/incoming.ts';
import { aConnection, anApplication, at } from '../../support/builders.ts';
import { canary, day } from '../secrets/fixtures.ts';
import { anIncomingStage, binding } from '../secrets/incoming-stage.ts';

const expiresAt = day + days(90);
const application = anApplication({ environment: binding.environment, clientID: binding.clientID });

/** What Square gave for a credential of another seller; `again`: the same refresh token. */
async function given(again = false) {
  const stage = anIncomingStage();
  const { server, place, clock, settlement } = stage;
  const presented: RefreshToken = { value: token('EQAAone'), singleUse: true };
  const ends = again ? {} : { refreshTokenExpiresAt: expiresAt };
  const reply = {
    accessToken: token(canary),
    refreshToken: token(again ? 'EQAAone' : 'EQAAtwo'),
    merchantID: 'M-OTHER',
    ...ends,
  };
  const told: string[] = [];
  const settled = await setAside(
    { clock, incoming: settlement },
    {
      binding,
      connectionUID: place.uid,
      requested: { scopes: [], shortLived: false },
      reply,
      issuedAt: day,
      presented,
      taken: 'refreshToken:digest',
    },
    async () => void told.push('settled'),
  );
  const [stored] = server.all('secrets');
  return { ...stage, told, settled, stored };
}

describe('what a credential of another seller gave', () => {
  test('lies in a Secret of the connection, and may wait as long as its refresh token lives', async () => {
    const { stored, settled, told, ...stage } = await given();
    expect([settled, told]).toEqual(['Stored', ['settled']]);
    expect(connectionOfIncomingSecret(stored?.metadata.name ?? '')).toBe('bakery');
    expect(arrivals(stage, stored, application, day + days(80))).toMatchObject([
      {
        until: expiresAt,
        content: { kind: 'SetAside', grant: { merchantID: 'M-OTHER', taken: ['refreshToken:digest'] } },
      },
    ]);
  });

  test('has no end while it cannot be looked into', async () => {
    const { stored, ...stage } = await given();
    const missing = { kind: 'Missing', ref: 'shop/pos' } as const;
    for (const application of [missing, anApplication({ clientID: 'sq0idp-OTHER' })]) {
      expect(arrivals(stage, stored, application, day + days(80))).toEqual([
        { secret: stored?.metadata.name, until: Number.POSITIVE_INFINITY, content: { kind: 'SetAside' } },
      ]);
    }
  });

  test('is not kept when the credential gives it again', async () => {
    const { stored, settled, told } = await given(true);
    expect([stored, settled, told]).toEqual([undefined, undefined, []]);
  });
});

function arrivals(
  { ring, place }: Pick<ReturnType<typeof anIncomingStage>, 'ring' | 'place'>,
  stored: Awaited<ReturnType<typeof given>>['stored'],
  of: Application,
  now: number,
) {
  const arrivalsOf = createIndex();
  if (stored === undefined) return undefined;
  arrivalsOf.set(keyOf(stored), ['shop/bakery']);
  const watches = { incoming: { get: () => projectIncoming(stored) }, links: { get: () => undefined } };
  const connection = aConnection({ namespace: 'shop', name: 'bakery', uid: place.uid });
  return observeArrivals({ ring, watches, arrivalsOf } as never, connection, of, at(now)).arrivals;
}
