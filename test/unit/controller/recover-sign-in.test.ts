import { describe, expect, test } from 'vitest';
import { recoverSignIn } from '../../../src/controller/recover-sign-in.ts';
import { secretBytes } from '../../../src/domain/token.ts';
import { silentLog } from '../../../src/kube/log.ts';
import { openIncoming } from '../../../src/secrets/incoming.ts';
import { canary, day } from '../secrets/fixtures.ts';
import { anIncomingStage, binding } from '../secrets/incoming-stage.ts';

describe('the answer to a sign-in in the journal of a process that ended', () => {
  const issued = (body: string) => ({
    binding,
    connectionUID: '',
    grantType: 'authorization_code' as const,
    body: secretBytes(Buffer.from(body)),
    issuedAt: day,
    after: 0,
    requested: { scopes: [], shortLived: false },
    taken: 'sign-in/one',
  });
  const reply = {
    access_token: canary,
    refresh_token: 'EQAAone',
    merchant_id: 'M1',
    expires_at: '2026-07-31T00:00:00Z',
  };

  test('goes where that process would have put it', async () => {
    const { clock, place, ring, settlement, stored } = anIncomingStage();
    const told: string[] = [];
    const entry = { text: '', discard: async () => void told.push('discarded') };
    const deps = { clock, log: silentLog, incoming: settlement };
    const answer = { ...issued(JSON.stringify(reply)), connectionUID: place.uid };
    expect(await recoverSignIn(deps, entry, answer, place.secret)).toBe(false);
    await settlement.safe();
    const opened = openIncoming(ring, binding, stored().jwe ?? '');
    expect(opened).toMatchObject({ ok: true, value: { generation: 1, merchantID: 'M1', taken: ['sign-in/one'] } });
    expect(told).toEqual(['discarded']);
  });

  test('goes with a connection that is gone', async () => {
    const { clock, place, server, settlement, there } = anIncomingStage();
    server.remove('squareconnections', 'bakery');
    const told: string[] = [];
    const entry = { text: '', discard: async () => void told.push('discarded') };
    await recoverSignIn(
      { clock, log: silentLog, incoming: settlement },
      entry,
      issued(JSON.stringify(reply)),
      place.secret,
    );
    await settlement.safe();
    expect([there(), told]).toEqual([undefined, ['discarded']]);
  });

  test('that nobody understands stays', async () => {
    const { clock, place, settlement } = anIncomingStage();
    const entry = { text: '', discard: () => Promise.reject(new Error('discarded')) };
    expect(
      await recoverSignIn({ clock, log: silentLog, incoming: settlement }, entry, issued('{}'), place.secret),
    ).toBe(true);
  });
});
