import { describe, expect, it } from 'vitest';
import { escrowSecretName } from '../../../src/api/names.ts';
import { incomingPlace, sealIncoming, takenOf } from '../../../src/secrets/incoming.ts';
import { type MaySignInDeps, sellersComing } from '../../../src/web/may-sign-in.ts';
import { aBinding, aGrant, aRing } from '../secrets/fixtures.ts';

const ring = aRing();
const binding = aBinding();
const seller = 'M-ELSEWHERE';
const none = { get: () => undefined, entries: () => [] };

/** A sign-in of that seller lies in escrow, for the connection with this UID and for this application. */
function deps(connectionUID: string, { clientID } = binding): MaySignInDeps {
  const { namespace, name, environment } = binding;
  const { secret } = incomingPlace({ namespace, name, uid: connectionUID }, 'a-state');
  const grant = aGrant({ environment, clientID, connectionUID, merchantID: seller, taken: [takenOf(secret)] });
  const jwe = sealIncoming(ring, { ...binding, clientID }, grant);
  const inEscrow = { uid: 'u', resourceVersion: '1', jwe };
  const escrow = { entries: () => [[`ops/${escrowSecretName(connectionUID, secret)}`, inEscrow] as const] };
  return {
    ring,
    views: { connections: none, applications: none, grants: none, incoming: none, escrow },
    applications: { resolve: () => Promise.reject(new Error('nobody asks')), clientSecrets: () => [] },
  };
}

describe('a sign-in in escrow', () => {
  it('holds off other sellers of the same connection and application', () => {
    expect([...sellersComing(deps('uid'), binding, 'uid')]).toEqual([seller]);
  });

  it('of an earlier connection of the same name holds off nobody', () => {
    expect([...sellersComing(deps('uid-of-the-deleted-one'), binding, 'uid')]).toEqual([]);
  });

  it('of another application holds off nobody', () => {
    const there = deps('uid', aBinding({ clientID: 'another-client' }));
    expect([...sellersComing(there, binding, 'uid')]).toEqual([]);
  });
});
