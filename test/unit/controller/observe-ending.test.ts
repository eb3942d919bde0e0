import { describe, expect, it } from 'vitest';
import { type SharedWithDeps, sharedWith } from '../../../src/controller/observe-ending.ts';
import { readStatus } from '../../../src/domain/recall.ts';
import { sealGrant } from '../../../src/secrets/grant.ts';
import { sealIncoming } from '../../../src/secrets/incoming.ts';
import { aConnection, anApplication, held } from '../../support/builders.ts';
import { aBinding, aGrant, aRing } from '../secrets/fixtures.ts';

const ring = aRing();
const cafe = aBinding({ name: 'cafe' });
const own = aConnection({ deleting: true, finalized: true });
const application = anApplication({ clientID: cafe.clientID });
const grant = held({ merchantID: 'M-SELLER', clientID: cafe.clientID });

/** The connection `cafe` beside the one that goes, and what the cluster holds of it. */
function beside({ sealed, signedIn, uid = 'cafe-uid' }: { sealed?: string; signedIn?: string; uid?: string }) {
  const other = aConnection({ name: 'cafe', namespace: cafe.namespace, uid: 'cafe-uid' });
  const record = (merchantID: string) => aGrant({ merchantID, connectionUID: uid });
  const secret = (jwe: string) => ({ uid: 's', resourceVersion: '1', createdAt: 0, jwe });
  const watches = {
    connections: new Map([[`${cafe.namespace}/cafe`, { connection: other, stored: readStatus({}), digest: '' }]]),
    applications: new Map([
      [application.ref, { spec: { clientID: cafe.clientID, environment: application.environment } }],
    ]),
    grants: new Map(
      sealed === undefined
        ? []
        : [[`${cafe.namespace}/cafe-sealed`, secret(sealGrant(ring, cafe, record(sealed)))] as const],
    ),
    incoming: new Map(
      signedIn === undefined
        ? []
        : [[`${cafe.namespace}/cafe-incoming-1`, secret(sealIncoming(ring, cafe, record(signedIn)))] as const],
    ),
  };
  const deps = {
    ring,
    watches,
    connectionsOf: { get: () => new Set([`${cafe.namespace}/cafe`, `${own.namespace}/${own.name}`]) },
    arrivalsOf: { get: () => new Set(watches.incoming.keys()) },
  };
  return sharedWith(deps as unknown as SharedWithDeps, own, application, grant);
}

describe('who else lives on the authorization of a connection that goes', () => {
  it.each([
    ['one whose record is of the same seller', { sealed: 'M-SELLER' }, ['shop/cafe']],
    ['not one of another seller', { sealed: 'M-OTHER' }, []],
    ['one whose seller has just signed in, and nobody has taken that up', { signedIn: 'M-SELLER' }, ['shop/cafe']],
    ['one that is to pass to this seller', { sealed: 'M-OTHER', signedIn: 'M-SELLER' }, ['shop/cafe']],
    ['not one for which another seller signed in', { signedIn: 'M-OTHER' }, []],
    ['not one for whose namesake they signed in', { signedIn: 'M-SELLER', uid: 'an-earlier-one' }, []],
    ['not one that nobody is connected to', {}, []],
  ])('%s', (_, what, keys) => {
    expect(beside(what)).toEqual(keys);
  });
});
