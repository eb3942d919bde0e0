import { describe, expect, it } from 'vitest';
import { sealedSecretName } from '../../../src/api/names.ts';
import { seconds } from '../../../src/clock.ts';
import { type RecoverDeps, recoverJournal } from '../../../src/controller/recover.ts';
import { createSettlement, type SettlementDeps } from '../../../src/controller/settlement.ts';
import type { Unsettled } from '../../../src/domain/observation.ts';
import { secretBytes } from '../../../src/domain/token.ts';
import { KubeError } from '../../../src/kube/client.ts';
import { putIntoEscrow } from '../../../src/secrets/escrow.ts';
import { type Issued, sealIssued } from '../../../src/secrets/journal-record.ts';
import { sealRecord } from '../../../src/secrets/record.ts';
import { aGrant, noon } from '../../support/builders.ts';
import { createFakeClock } from '../../support/clock.ts';
import { aBinding, aRing } from '../secrets/fixtures.ts';
import { createModelApiServer } from './model/api-server.ts';
import { anEscrowRecovery } from './model/escrow.ts';

const ring = aRing();
const binding = aBinding();
const { namespace, name } = binding;
const key = `${namespace}/${name}`;
const never = new AbortController().signal;
const forbidden = new KubeError({ status: 403, reason: 'Forbidden', message: 'no', mayHaveActed: false });

function stage() {
  const clock = createFakeClock();
  const api = createModelApiServer(
    () => clock.wall(),
    () => {},
  );
  const refusing = { get: false, create: false };
  const client = api.client(
    async ({ verb }, act) => {
      if ((verb === 'get' && refusing.get) || (verb === 'create' && refusing.create)) throw forbidden;
      return act();
    },
    () => {},
  );
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const grants = { writing: () => () => {}, absorb() {}, get: () => undefined };
  const watches = { grants, connections: { get: () => undefined } };
  const changed: string[] = [];
  const onChange = (of: string) => void changed.push(of);
  const deps = { client, ring, namespace: 'ops', clock, log, watches, onChange } as unknown as SettlementDeps;
  const settlement = createSettlement(deps);
  const recovery = { ...deps, settlement } as unknown as RecoverDeps;
  const recover = (...texts: readonly string[]) =>
    recoverJournal(
      recovery,
      texts.map((text) => ({ text, discard: async () => {} })),
      () => {},
    );
  const isStored = () => api.all('secrets').some(({ metadata }) => metadata.name === sealedSecretName(name));
  return { clock, api, deps, settlement, refusing, recovery, recover, changed, isStored };
}

const grant = aGrant({ environment: binding.environment, clientID: binding.clientID });
const answered = JSON.stringify({ access_token: 'EAAAanother', token_type: 'bearer', merchant_id: grant.merchantID });
const unsettled = (fields: Partial<Unsettled> = {}): Unsettled => ({
  since: noon,
  message: 'It.',
  kept: 'Journal',
  ...fields,
});

/** An answer that a process left in the journal. As it stands, nobody understands it. */
const anAnswer = (fields: Partial<Issued> = {}): string =>
  sealIssued(ring, {
    binding,
    connectionUID: grant.connectionUID,
    grantType: 'refresh_token',
    body: secretBytes(Buffer.from('{}')),
    issuedAt: grant.sealedAt,
    after: grant.generation,
    requested: grant.requested,
    ...fields,
  });
const ofLaterVersion = () => sealRecord(ring, 'journal', binding, Buffer.from('{"v":2,"all":"is otherwise"}'));

describe('several grants of a connection that are not stored', () => {
  it('are held each by where it lies', () => {
    const { settlement, changed } = stage();
    settlement.hold(key, unsettled({ message: 'One.' }), 'one');
    settlement.hold(key, unsettled({ message: 'Another.' }), 'another');
    expect(settlement.count()).toBe(1);
    settlement.hold(key, undefined, 'one');
    expect(settlement.of(key)?.message).toBe('Another.');
    settlement.hold(key, undefined, 'one');
    settlement.hold(key, undefined, 'another');
    expect(settlement.of(key)).toBeUndefined();
    expect(settlement.count()).toBe(0);
    // The other one was not told of before.
    expect(changed).toHaveLength(3);
  });

  it('are told by the one that the end of this process would lose', () => {
    const { settlement } = stage();
    settlement.hold(key, unsettled(), 'one');
    settlement.hold(key, unsettled({ kept: 'Nowhere' }), 'another');
    settlement.hold(key, unsettled(), 'a third');
    expect(settlement.of(key)?.kept).toBe('Nowhere');
  });

  it('are not safe before the last one is', async () => {
    const { settlement, refusing, clock } = stage();
    refusing.create = true;
    expect(await settlement.store({ binding, grant, since: noon })).toBe('Waiting');
    let safe = false;
    void settlement.safe().then(() => (safe = true));
    refusing.create = false;
    expect(await settlement.store({ binding, grant, since: noon })).toBe('Stored');
    expect(settlement.of(key)?.kept).toBe('Nowhere');
    expect(safe).toBe(false);
    await clock.advance(seconds(10));
    expect(settlement.of(key)).toBeUndefined();
    expect(safe).toBe(true);
  });

  it.each([
    ['is not understood', {}],
    ['is older than what is stored', { body: secretBytes(Buffer.from(answered)), after: 1 }],
  ])('one in the journal %s: what a later version left there is still waited for', async (_, fields) => {
    const { settlement, recover, deps } = stage();
    await createSettlement(deps).store({ binding, grant, since: noon });
    await recover(ofLaterVersion(), anAnswer(fields));
    expect(settlement.of(key)).toMatchObject({ kept: 'Journal', unread: true });
  });
});

describe('what a process cannot look at yet', () => {
  it('in escrow is looked at again when it holds the lease again', async () => {
    const { api, deps, recovery, refusing, clock, settlement, isStored } = stage();
    await putIntoEscrow(deps, binding, grant);
    refusing.get = true;
    const term = new AbortController();
    await anEscrowRecovery(api, recovery).begin(term.signal);
    expect(settlement.of(key)).toMatchObject({ kept: 'Escrow' });
    term.abort();
    refusing.get = false;
    await clock.advance(seconds(10));
    await anEscrowRecovery(api, recovery).begin(never);
    await clock.advance(seconds(10));
    expect(isStored()).toBe(true);
    expect(settlement.of(key)).toBeUndefined();
  });

  it('in its journal does not keep it from what lies in escrow', async () => {
    const { api, deps, recovery, recover, refusing, clock, settlement, isStored } = stage();
    await putIntoEscrow(deps, binding, grant);
    refusing.get = true;
    await recover(anAnswer());
    await anEscrowRecovery(api, recovery).begin(never);
    refusing.get = false;
    await clock.advance(seconds(10));
    expect(isStored()).toBe(true);
    expect(settlement.of(key)).toBeUndefined();
  });
});
