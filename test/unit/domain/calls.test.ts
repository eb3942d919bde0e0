import { expect, it } from 'vitest';
import { absorb } from '../../../src/domain/absorb.ts';
import { callsFrom } from '../../../src/domain/calls.ts';
import { scopesSatisfied } from '../../../src/domain/verdict.ts';
import { aConnection, aHistory, anObservation, at, held, noon } from '../../support/builders.ts';

const refresh = { kind: 'Refresh', because: 'Due' } as const;
const verify = { kind: 'Verify', because: 'Unproven' } as const;

it.each([
  ['with a limit, whose permissions are asked for anew', ['ORDERS_READ'], 3],
  ['without one', [], 2],
])('a refresh %s counts as the calls that then follow', (_, scopes, calls) => {
  const requested = { scopes, shortLived: false };
  const connection = aConnection({}, { scopes });
  const o = anObservation({ connection, grant: held({ requested }), history: aHistory({ scopes: ['ORDERS_READ'] }) });
  const grant = held({ generation: 4, requested });
  const next = absorb(o, refresh, { kind: 'Sealed', grant, how: 'Refreshed', answers: {} }, at(noon));
  expect([callsFrom(refresh, o), 1 + callsFrom(verify, next)]).toEqual([calls, calls]);
  const { reason, message } = scopesSatisfied(next);
  if (calls === 3) expect([reason, message]).toEqual(['ScopesUnknown', expect.stringContaining('has not told yet')]);
});
