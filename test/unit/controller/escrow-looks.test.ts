import { describe, expect, it } from 'vitest';
import { sealedSecretName } from '../../../src/api/names.ts';
import { hours, minutes, seconds } from '../../../src/clock.ts';
import { type RecoverDeps, recoverJournal } from '../../../src/controller/recover.ts';
import { createSettlement, type SettlementDeps } from '../../../src/controller/settlement.ts';
import { secretBytes } from '../../../src/domain/token.ts';
import { KubeError } from '../../../src/kube/client.ts';
import { silentLog } from '../../../src/kube/log.ts';
import { putIntoEscrow } from '../../../src/secrets/escrow.ts';
import { openGrant } from '../../../src/secrets/grant.ts';
import { projectGrantSecret } from '../../../src/secrets/grant-secret.ts';
import { type Issued, sealIssued } from '../../../src/secrets/journal-record.ts';
import { createLiveRing } from '../../../src/secrets/live-ring.ts';
import type { KeyRing } from '../../../src/secrets/port.ts';
import { sealRecord } from '../../../src/secrets/record.ts';
import { aGrant } from '../../support/builders.ts';
import { createFakeClock } from '../../support/clock.ts';
import { aBinding, aKey, aRing } from '../secrets/fixtures.ts';
import { createModelApiServer } from './model/api-server.ts';
import { anEscrowRecovery } from './model/escrow.ts';

const ring = aRing();
const binding = aBinding();
const { namespace, name } = binding;
const key = `${namespace}/${name}`;
const never = new AbortController().signal;
const forbidden = new KubeError({ status: 403, reason: 'Forbidden', message: 'no', mayHaveActed: false });

function stage(keys: KeyRing = ring) {
  const clock = createFakeClock();
  const api = createModelApiServer(
    () => clock.wall(),
    () => {},
  );
  const refusing = { get: false, delete: false, list: false };
  const asked = { get: 0, delete: 0 };
  const client = api.client(
    async ({ verb, name: of }, act) => {
      if (verb === 'get' && of === sealedSecretName(name)) asked.get++;
      if (verb === 'delete') asked.delete++;
      if (verb === 'get' && refusing.get && of === sealedSecretName(name)) throw forbidden;
      if (verb === 'delete' && refusing.delete) throw forbidden;
      if (verb === 'list' && refusing.list) throw forbidden;
      return act();
    },
    () => {},
  );
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const grants = { writing: () => () => {}, absorb() {}, get: () => undefined };
  const watches = { grants, connections: { get: () => undefined } };
  const onChange = (of: string) => {
    if (settlement.of(of) === undefined) escrow.settled(of);
  };
  const deps = {
    client,
    ring: keys,
    namespace: 'ops',
    clock,
    log,
    watches,
    onChange,
  } as unknown as SettlementDeps;
  const settlement = createSettlement(deps);
  const recovery = { ...deps, settlement } as unknown as RecoverDeps;
  const recover = (...texts: readonly string[]) =>
    recoverJournal(
      recovery,
      texts.map((text) => ({ text, discard: async () => {} })),
      () => {},
    );
  const escrow: ReturnType<typeof anEscrowRecovery> = anEscrowRecovery(api, recovery);
  const generation = () => {
    const sealed = api.find('secrets', sealedSecretName(name));
    const opened = sealed && openGrant(keys, binding, projectGrantSecret(sealed).jwe ?? '');
    return opened?.ok && opened.value.kind !== 'Vacant' ? opened.value.generation : undefined;
  };
  const look = () => escrow.begin(never);
  return { clock, api, deps, settlement, refusing, asked, recover, recovery: escrow, look, generation };
}
const grant = aGrant({ environment: binding.environment, clientID: binding.clientID });
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

describe('escrow, looked into again and again', () => {
  it('is asked about no more often than once', async () => {
    const { deps, look, recover, refusing, clock, asked } = stage();
    await putIntoEscrow(deps, binding, grant);
    refusing.get = true;
    await recover(anAnswer());
    await look();
    await clock.advance(minutes(10));
    asked.get = 0;
    await clock.advance(minutes(1));
    const first = asked.get;
    await clock.advance(hours(24));
    asked.get = 0;
    await clock.advance(minutes(1));
    expect(asked.get).toBeLessThanOrEqual(first);
  });

  it('is waited for as long as what a later version left is there', async () => {
    const { api, recovery, look, settlement, clock } = stage();
    const jwe = sealRecord(ring, 'escrow', binding, Buffer.from('{"v":2,"all":"is otherwise"}'));
    api.put('secrets', {
      metadata: { name: 'escrow-1', namespace },
      type: 'square-operator.dev/escrow',
      data: { 'grant.jwe': Buffer.from(jwe).toString('base64') },
    });
    await look();
    await clock.advance(hours(2));
    expect(settlement.of(key)).toMatchObject({ unread: true });
    api.remove('secrets', 'escrow-1');
    recovery.see();
    await clock.advance(0);
    expect(settlement.of(key)).toBeUndefined();
    expect(settlement.count()).toBe(0);
  });

  it('is emptied by one attempt at a time, where it cannot be', async () => {
    const { deps, look, refusing, clock, asked } = stage();
    await putIntoEscrow(deps, binding, grant);
    refusing.delete = true;
    await look();
    await clock.advance(hours(1));
    asked.delete = 0;
    await clock.advance(minutes(10));
    const first = asked.delete;
    await clock.advance(hours(24));
    asked.delete = 0;
    await clock.advance(minutes(10));
    expect(asked.delete / first).toBeLessThan(2);
  });

  it('is taken up as it comes, and not before there is a term, nor after', async () => {
    const { deps, recovery, clock, settlement, generation } = stage();
    const term = new AbortController();
    const put = (generation: number) => putIntoEscrow(deps, binding, { ...grant, generation });
    await put(1);
    recovery.see();
    await clock.advance(seconds(1));
    expect(generation()).toBeUndefined();
    await recovery.begin(term.signal);
    await clock.advance(seconds(1));
    expect(generation()).toBe(1);
    await put(2);
    recovery.see();
    await clock.advance(seconds(1));
    expect([settlement.of(key), generation()]).toEqual([undefined, 2]);
    term.abort();
    await put(3);
    recovery.see();
    await clock.advance(hours(2));
    expect(generation()).toBe(2);
  });

  it('is opened as soon as its key is there', async () => {
    const keys = [aKey(), aKey()];
    const ring = createLiveRing({ log: silentLog, material: keys.slice(0, 1), inCluster: true });
    const { deps, recovery, clock, generation } = stage(ring);
    const elsewhere = { ...deps, ring: aRing(...keys.slice(1)) };
    await putIntoEscrow(elsewhere, binding, grant);
    await recovery.begin(never);
    await clock.advance(minutes(1));
    expect(generation()).toBeUndefined();
    ring.replace(keys);
    await clock.advance(seconds(1));
    expect(generation()).toBe(grant.generation);
  });

  it('of a newer grant, which came while an older one was in hand, is taken up', async () => {
    const { deps, recovery, clock, refusing, generation } = stage();
    await putIntoEscrow(deps, binding, { ...grant, generation: 1 });
    refusing.get = true;
    await recovery.begin(never);
    await putIntoEscrow(deps, binding, { ...grant, generation: 2 });
    recovery.see();
    refusing.get = false;
    await clock.advance(minutes(1));
    expect(generation()).toBe(2);
  });
});
