import { describe, expect, it } from 'vitest';
import { sealedSecretName } from '../../../src/api/names.ts';
import { seconds } from '../../../src/clock.ts';
import { type RecoverDeps, recoverJournal } from '../../../src/controller/recover.ts';
import type { Due, Settlement } from '../../../src/controller/settlement.ts';
import type { Unsettled } from '../../../src/domain/observation.ts';
import { secretBytes } from '../../../src/domain/token.ts';
import { type KubeClient, KubeError } from '../../../src/kube/client.ts';
import { clearEscrow } from '../../../src/secrets/clear-escrow.ts';
import { type EscrowHeld, putIntoEscrow } from '../../../src/secrets/escrow.ts';
import { sealGrant } from '../../../src/secrets/grant.ts';
import { sealIssued } from '../../../src/secrets/journal-record.ts';
import { createProblem } from '../../../src/secrets/write-problem.ts';
import { aGrant } from '../../support/builders.ts';
import { createFakeClock } from '../../support/clock.ts';
import { aBinding, aRing } from '../secrets/fixtures.ts';
import { createModelApiServer } from './model/api-server.ts';
import { anEscrowRecovery } from './model/escrow.ts';

const ring = aRing();
const binding = aBinding();
const { namespace, name } = binding;
const key = `${namespace}/${name}`;
const log = { debug() {}, info() {}, warn() {}, error() {} } as unknown as RecoverDeps['log'];
const forbidden = new KubeError({ status: 403, reason: 'Forbidden', message: 'no', mayHaveActed: false });

/** A cluster with a grant of generation 5 in escrow; `seen`: the revision that the status of its connection tells. */
async function cluster(seen: number) {
  const clock = createFakeClock();
  const api = createModelApiServer(
    () => clock.wall(),
    () => {},
  );
  let refused = 0;
  const refusing = { delete: false, get: false };
  const client: KubeClient = api.client(
    async (call, act) => {
      const refuses = call.verb === 'delete' ? refusing.delete : call.verb === 'get' && refusing.get;
      if (refuses) refused++;
      if (refuses) throw forbidden;
      return act();
    },
    () => {},
  );
  const grant = aGrant({ generation: 5 });
  const deps = { client, ring, namespace, clock, log };
  const held = (await putIntoEscrow(deps, binding, grant)) as EscrowHeld;
  const stored: Due[] = [];
  const told = new Map<string, Unsettled | undefined>();
  const settlement = {
    of: (connection: string) => told.get(connection),
    hold: (connection: string, unsettled: Unsettled | undefined) => void told.set(connection, unsettled),
    async store(due: Due) {
      stored.push(due);
      await due.settled?.();
      return 'Stored';
    },
  } as unknown as Settlement;
  const view = { connection: { uid: grant.connectionUID }, stored: { revision: seen } };
  const watches = { connections: { get: (of: string) => (of === key ? view : undefined) } };
  const recovery = { ...deps, settlement, watches } as unknown as RecoverDeps;
  const escrowed = () => api.all('secrets').some((secret) => secret.metadata.name === held.name);
  return { api, clock, deps, recovery, grant, held, stored, told, refusing, escrowed, refused: () => refused };
}

const never = new AbortController().signal;
const turns = (clock: ReturnType<typeof createFakeClock>) => clock.advance(0);

describe('what is stored in its own place', () => {
  it('is taken out of escrow again and again, until the API server does it', async () => {
    const { deps, held, refusing, escrowed, clock, refused } = await cluster(5);
    refusing.delete = true;
    const done = clearEscrow(deps, held, never);
    await clock.advance(seconds(10));
    expect(refused()).toBeGreaterThan(2);
    expect(escrowed()).toBe(true);
    refusing.delete = false;
    await clock.advance(seconds(60));
    await done;
    expect(escrowed()).toBe(false);
  });

  it('leaves in escrow what somebody put there since', async () => {
    const { deps, held, grant, escrowed } = await cluster(5);
    await putIntoEscrow(deps, binding, { ...grant, generation: 6 });
    await clearEscrow(deps, held, never);
    expect(escrowed()).toBe(true);
  });

  it('is given up by a process that ends', async () => {
    const { deps, held, refusing, clock } = await cluster(5);
    refusing.delete = true;
    const closing = new AbortController();
    const done = clearEscrow(deps, held, closing.signal);
    await turns(clock);
    closing.abort();
    await expect(done).resolves.toBeUndefined();
  });
});

describe('a grant that a leader finds in escrow', () => {
  it('is stored where none is, when the status never told of it', async () => {
    const { api, recovery, stored, escrowed, clock } = await cluster(4);
    await anEscrowRecovery(api, recovery).begin(never);
    await turns(clock);
    expect(stored.map(({ grant: { generation } }) => generation)).toEqual([5]);
    expect(escrowed()).toBe(false);
  });

  it('is not put back in the place of one that was stored, and that somebody took away', async () => {
    for (const seen of [5, 6]) {
      const { api, recovery, stored, escrowed, clock } = await cluster(seen);
      await anEscrowRecovery(api, recovery).begin(never);
      await turns(clock);
      expect(stored).toEqual([]);
      expect(escrowed()).toBe(false);
    }
  });

  it('is kept for a record that is there and cannot be opened', async () => {
    const { recovery, stored, api } = await cluster(5);
    const jwe = sealGrant(aRing(), binding, aGrant({ generation: 5 }));
    const data = { 'grant.jwe': Buffer.from(jwe).toString('base64') };
    api.put('secrets', { metadata: { name: sealedSecretName(name), namespace }, data });
    await anEscrowRecovery(api, recovery).begin(never);
    expect(stored).toHaveLength(1);
  });
});

describe('a record that may not be looked at', () => {
  /** An answer that nobody understands. */
  const entryOf = ({ connectionUID, sealedAt, requested }: Due['grant']) => ({
    text: sealIssued(ring, {
      binding,
      connectionUID,
      grantType: 'refresh_token',
      body: secretBytes(Buffer.from('{}')),
      issuedAt: sealedAt,
      after: 4,
      requested,
    }),
    discard: async () => {},
  });

  it.each(['Escrow', 'Journal'] as const)('leaves the grant where it is, and says so: %s', async (kept) => {
    const { api, recovery, told, refusing, grant } = await cluster(4);
    refusing.get = true;
    const recovered =
      kept === 'Escrow'
        ? anEscrowRecovery(api, recovery).begin(never)
        : recoverJournal(recovery, [entryOf(grant)], () => {});
    await recovered;
    expect(told.get(key)).toMatchObject({ kept });
  });

  it('leaves open whether an answer stays in the journal, until it is found', async () => {
    const { recovery, refusing, grant, clock } = await cluster(4);
    let stay = 0;
    refusing.get = true;
    await recoverJournal(recovery, [entryOf(grant)], () => void stay++);
    expect(stay).toBe(0);
    refusing.get = false;
    await clock.advance(seconds(10));
    expect(stay).toBe(1);
  });
});

describe('a Secret that cannot be created because something is not found', () => {
  const problem = (about?: string) =>
    createProblem(new KubeError({ status: 404, reason: 'NotFound', message: 'no', mayHaveActed: false, about }), key);

  it('has lost its namespace only when the API server names that', () => {
    expect(problem(namespace)).toMatchObject({ kind: 'Failed', namespaceGone: true });
    expect(problem()).not.toHaveProperty('namespaceGone');
    expect(problem('webhook')).not.toHaveProperty('namespaceGone');
  });
});
