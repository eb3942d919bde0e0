import { expect, it } from 'vitest';
import { createSquareTime, days, hours, type Instant } from '../../../src/clock.ts';
import type { Sight } from '../../../src/controller/observe.ts';
import { type RevokeDeps, revoke } from '../../../src/controller/revoke.ts';
import { token } from '../../../src/domain/token.ts';
import type { KubeObject } from '../../../src/kube/resource.ts';
import type { Outcome } from '../../../src/square/port.ts';
import { aFailure, anObservation, noon } from '../../support/builders.ts';
import { createFakeClock } from '../../support/clock.ts';
import { aRing } from '../secrets/fixtures.ts';

const revoked: Outcome<void> = { ok: true, value: undefined };
const nothing: Outcome<void> = {
  ok: false,
  failure: aFailure({ class: 'NothingToRevoke', reason: 'NothingToRevoke', operation: 'RevokeToken', status: 404 }),
};

/** It is noon at Square. */
async function endedAt(outcome: Outcome<void>, wall: Instant, heard?: Instant): Promise<Instant | undefined> {
  const clock = createFakeClock(wall);
  const time = createSquareTime(clock);
  if (heard !== undefined) time.observe(heard);
  const client = {
    revokeToken: async () => {
      if (outcome.at !== undefined) time.observe(outcome.at);
      return outcome;
    },
  };
  const deps = {
    applications: { mayAsk: () => true, clientSecrets: () => [token('sq0csp-EXAMPLE')], accepted: () => true },
    client: { create: async (_: unknown, object: KubeObject) => object },
    clock,
    mayAct: () => true,
    ring: aRing(),
    squares: { Production: { client, time } },
    watches: { grants: { writing: () => () => {}, absorb: () => {}, get: () => undefined } },
  } as unknown as RevokeDeps;
  const sight = { view: { stored: { revision: 3 } } } as unknown as Sight;
  const step = { kind: 'Revoke', because: 'DisconnectRequested', scope: 'All' } as const;
  const fact = await revoke(deps, step, sight, anObservation());
  return fact.kind === 'Ended' ? fact.grant.record.disconnected?.at : undefined;
}

it.each([
  ['the answer, where the clock is ahead and nothing has set it yet', { ...revoked, at: noon }, noon + hours(6)],
  ['the answer that nothing is left to end, too', { ...nothing, at: noon }, noon + hours(6)],
  ['the clock, where the answer has no time', revoked, noon],
  ['the clock, once Square has set it and a proxy spoils the answer', { ...revoked, at: noon + days(40) }, noon, noon],
] as const)('when an authorization was ended is told by %s', async (_, outcome, wall, heard?: Instant) => {
  expect(await endedAt(outcome, wall, heard)).toBe(noon);
});
