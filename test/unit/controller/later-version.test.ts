import { describe, expect, test } from 'vitest';
import { sealedSecretName } from '../../../src/api/names.ts';
import { hours, minutes } from '../../../src/clock.ts';
import { observeArrivals } from '../../../src/controller/observe-arrivals.ts';
import { type RecoverDeps, recoverJournal } from '../../../src/controller/recover.ts';
import { createSettlement, type SettlementDeps } from '../../../src/controller/settlement.ts';
import { decide } from '../../../src/domain/decide.ts';
import type { Unsettled } from '../../../src/domain/observation.ts';
import { readStatus } from '../../../src/domain/recall.ts';
import { summarize } from '../../../src/domain/summarize.ts';
import { putIntoEscrow } from '../../../src/secrets/escrow.ts';
import { sealGrant } from '../../../src/secrets/grant.ts';
import type { Binding, Purpose } from '../../../src/secrets/port.ts';
import { sealRecord } from '../../../src/secrets/record.ts';
import {
  aConnection,
  aGrant,
  aNewObservation,
  anApplication,
  anObservation,
  at,
  noon,
} from '../../support/builders.ts';
import { createFakeClock } from '../../support/clock.ts';
import { aBinding, aRing } from '../secrets/fixtures.ts';
import { createModelApiServer } from './model/api-server.ts';
import { anEscrowRecovery } from './model/escrow.ts';

const ring = aRing();
const binding: Binding = aBinding();
const { namespace, name } = binding;
const key = `${namespace}/${name}`;
const never = new AbortController().signal;

/** A record as a later version may write it: nobody here knows what is in it. */
const later = (purpose: Purpose) => sealRecord(ring, purpose, binding, Buffer.from('{"v":2,"all":"is otherwise"}'));
const dataOf = (jwe: string) => ({ 'grant.jwe': Buffer.from(jwe).toString('base64') });

function place() {
  const clock = createFakeClock();
  const api = createModelApiServer(
    () => clock.wall(),
    () => {},
  );
  const client = api.client(
    async (_, act) => act(),
    () => {},
  );
  const said: string[] = [];
  const say = (_: object, text: string) => void said.push(text);
  const log = { debug() {}, info: say, warn: say, error: say };
  const grants = { writing: () => () => {}, absorb() {}, get: () => undefined };
  const watches = { grants, connections: { get: () => undefined } };
  const deps = { client, ring, namespace: 'ops', clock, log, watches, onChange() {} } as unknown as SettlementDeps;
  const text = (of: string) => {
    const secret = api.all('secrets').find(({ metadata }) => metadata.name === of);
    return Buffer.from((secret?.['data'] as Record<string, string>)?.['grant.jwe'] ?? '', 'base64').toString();
  };
  return { clock, api, deps, text, said };
}

describe('what a later version of the operator left', () => {
  test('in the place of the grant is not written over; the new grant waits in escrow until it is gone', async () => {
    const { clock, api, deps, text } = place();
    const jwe = later('grant');
    const sealed = sealedSecretName(name);
    api.put('secrets', {
      metadata: { name: sealed, namespace },
      type: 'square-operator.dev/sealed-grant',
      data: dataOf(jwe),
    });
    const settlement = createSettlement(deps);
    const grant = aGrant({ environment: binding.environment, clientID: binding.clientID });
    expect(await settlement.store({ binding, grant, held: undefined, since: noon })).toBe('Waiting');
    await clock.advance(minutes(5));
    expect(text(sealed)).toBe(jwe);
    expect(settlement.of(key)).toMatchObject({ kept: 'Escrow', message: expect.stringMatching(/run that version/) });
    api.put('secrets', {
      metadata: { name: sealed, namespace },
      type: 'square-operator.dev/sealed-grant',
      data: dataOf(sealGrant(ring, binding, { ...grant, generation: grant.generation - 1 })),
    });
    await clock.advance(minutes(1));
    expect(settlement.count()).toBe(0);
    settlement.close();
  });

  test('in the place of the grant, under a key that is not here yet, is waited for before it is judged', async () => {
    const { clock, api, deps, text } = place();
    const sealed = sealedSecretName(name);
    const grant = aGrant({ environment: binding.environment, clientID: binding.clientID });
    const jwe = sealGrant(aRing(), binding, grant);
    api.put('secrets', {
      metadata: { name: sealed, namespace },
      type: 'square-operator.dev/sealed-grant',
      data: dataOf(jwe),
    });
    const settlement = createSettlement(deps);
    expect(await settlement.store({ binding, grant, held: undefined, since: noon })).toBe('Waiting');
    await clock.advance(10_000);
    expect(text(sealed)).toBe(jwe);
    settlement.close();
  });

  test.each(['Escrow', 'Journal'] as const)('in its %s stays there, and nothing is asked of Square', async (kept) => {
    const { api, deps, text } = place();
    const told = new Map<string, Unsettled | undefined>();
    const settlement = { of: () => undefined, hold: (of: string, u: Unsettled | undefined) => void told.set(of, u) };
    const recovery = { ...deps, settlement } as unknown as RecoverDeps;
    const jwe = later(kept === 'Escrow' ? 'escrow' : 'journal');
    let discarded = false;
    if (kept === 'Escrow') {
      const metadata = { name: 'escrow-1', namespace: 'ops' };
      api.put('secrets', { metadata, type: 'square-operator.dev/escrow', data: dataOf(jwe) });
      await anEscrowRecovery(api, recovery).begin(never);
      expect(text('escrow-1')).toBe(jwe);
    } else {
      const entry = { text: jwe, discard: async () => void (discarded = true) };
      let stay = 0;
      await recoverJournal(recovery, [entry], () => void stay++);
      expect(stay).toBe(1);
      expect(discarded).toBe(false);
    }
    const unsettled = told.get(key);
    expect(unsettled).toMatchObject({ kept, unread: true });
    const o = anObservation({ ...(unsettled && { unsettled }) });
    expect(decide(o, at(noon))).toMatchObject({ because: 'GrantNotStored' });
    const renewable = summarize(o, readStatus({}), at(noon)).conditions?.find(({ type }) => type === 'Renewable');
    expect(renewable?.reason).toBe('GrantNotStored');
    expect(renewable?.message).toMatch(/run that version again|run the version that wrote it/);
  });

  test('in escrow is not written over by a grant of this version', async () => {
    const { api, deps, text } = place();
    const grant = aGrant({ environment: binding.environment, clientID: binding.clientID });
    const jwe = later('escrow');
    const metadata = { name: `escrow-${grant.connectionUID}`, namespace: 'ops' };
    api.put('secrets', { metadata, type: 'square-operator.dev/escrow', data: dataOf(jwe) });
    await expect(putIntoEscrow(deps, binding, grant)).rejects.toThrow(/later version.*run that version again/);
    expect(text(metadata.name)).toBe(jwe);
  });

  test('of a sign-in is not dismissed, however old it gets, and no deletion says that nothing is left', () => {
    const secret = { uid: 's', resourceVersion: '1', createdAt: noon - hours(99), jwe: later('incoming') };
    const connection = aConnection({ namespace, name });
    const application = anApplication({ environment: binding.environment, clientID: binding.clientID });
    const deps = {
      ring,
      watches: { incoming: { get: () => secret }, links: { get: () => undefined } },
      arrivalsOf: { get: () => [`${key}-incoming-0`] },
      incoming: { waiting: () => [] },
    } as unknown as Parameters<typeof observeArrivals>[0];
    const seen = (from: typeof deps) => {
      const credential = { kind: 'None' } as const;
      return aNewObservation({ connection, credential, ...observeArrivals(from, connection, application, at(noon)) });
    };
    expect(decide(seen(deps), at(noon + hours(99)))).toEqual({ kind: 'Wait', because: 'AwaitingAuthorization' });
    const dismissed = { kind: 'Dismiss', because: 'Expired' };
    expect(decide(seen({ ...deps, ring: aRing() }), at(noon + hours(99)))).toMatchObject(dismissed);
    const gone = aConnection(
      { namespace, name, deleting: true, deletedAt: noon, finalized: true },
      { deletionPolicy: 'Revoke' },
    );
    expect(decide({ ...seen(deps), connection: gone }, at(noon))).toMatchObject({ because: 'RevokeGivenUp' });
  });
});
