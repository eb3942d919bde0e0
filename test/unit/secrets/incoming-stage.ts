import type { KubeError } from '../../../src/kube/client.ts';
import { silentLog } from '../../../src/kube/log.ts';
import { incomingPlace, projectIncoming } from '../../../src/secrets/incoming.ts';
import { createIncomingSettlement } from '../../../src/secrets/settle-incoming.ts';
import { createFakeClock } from '../../support/clock.ts';
import { createModelApiServer } from '../controller/model/api-server.ts';
import { aBinding, aRing, day } from './fixtures.ts';

export const binding = aBinding();

/** A connection, and the place for what a sign-in of its seller gave. */
export function anIncomingStage() {
  const server = createModelApiServer(
    () => day,
    () => {},
  );
  /** What writes are answered with, in the namespace of the connection and in the operator's own. */
  const trouble: { error?: KubeError; inEscrow?: KubeError } = {};
  let refusals = 0;
  const client = server.client(
    async ({ kind, name }, act) => {
      const error = name.startsWith('escrow-') ? trouble.inEscrow : trouble.error;
      if (error === undefined || kind !== 'write') return act();
      refusals++;
      throw error;
    },
    () => {},
  );
  server.put('squareconnections', { metadata: { name: 'bakery', namespace: 'shop' }, spec: {} });
  const uid = server.find('squareconnections', 'bakery')?.metadata.uid ?? '';
  const place = incomingPlace({ namespace: 'shop', name: 'bakery', uid }, 'a-state');
  const ring = aRing();
  const clock = createFakeClock(day);
  const escrow = { client, ring, namespace: 'ops', clock, log: silentLog };
  const settlement = createIncomingSettlement(escrow);
  const there = () => server.find('secrets', place.secret);
  const escrowed = () => server.all('secrets').filter(({ metadata }) => metadata.namespace === 'ops');
  const stored = () => projectIncoming(there() ?? { metadata: { name: '' } });
  return {
    server,
    client,
    trouble,
    place,
    ring,
    clock,
    settlement,
    there,
    stored,
    escrow,
    escrowed,
    refusals: () => refusals,
  };
}
