import { describe, expect, it } from 'vitest';
import { days, formatInstant, hours, minutes, seconds } from '../../../src/clock.ts';
import { recogniseGrant } from '../../../src/domain/custody.ts';
import { answerStale, requestEnds, requestState, staleness } from '../../../src/domain/requests.ts';
import { aConnection, aGrant, aHistory, anObservation, at, held, noon, uid } from '../../support/builders.ts';

const requested = (refresh: string, createdAt = noon - days(10)) =>
  anObservation({ connection: aConnection({ requests: { refresh }, createdAt }) });
/** The token was issued 4 minutes ago. */
const sealedAhead = (refresh: string) => {
  const accessToken = { ...aGrant().accessToken, issuedAt: noon - minutes(4) };
  return { ...requested(refresh), grant: held({ sealedAt: noon + hours(6), accessToken }) };
};
const ago = (by: number) => formatInstant(noon - by);

describe('a request to refresh', () => {
  it.each([
    ['that nobody made', anObservation(), 'None'],
    ['made now', requested(ago(0)), 'Act'],
    ['made 14 minutes ago', requested(ago(minutes(14))), 'Act'],
    ['with an offset and fractions', requested('2026-07-01T14:00:00.123+02:00'), 'Act'],
    ['older than 15 minutes', requested(ago(minutes(16))), 'Stale'],
    ['ahead of the clock by less than 15 minutes', requested(ago(-minutes(10))), 'Act'],
    ['ahead of the clock by more', requested(ago(-hours(1))), 'Stale'],
    ['that is no time', requested('yesterday'), 'Stale'],
    ['older than the object', requested(ago(minutes(5)), noon - minutes(4)), 'Stale'],
    ['made in the second of the creation', requested(ago(0), noon), 'Act'],
    ['older than the grant', { ...requested(ago(minutes(5))), grant: held({ sealedAt: noon - minutes(4) }) }, 'Stale'],
    ['made now, of a grant that was sealed by a clock that was ahead', sealedAhead(ago(0)), 'Act'],
    ['older than the token of such a grant', sealedAhead(ago(minutes(5))), 'Stale'],
    ['answered by the status', { ...requested(ago(0)), history: aHistory({ handled: { refresh: ago(0) } }) }, 'None'],
    ['answered by the record', { ...requested(ago(0)), grant: held({ handled: { refresh: ago(0) } }) }, 'None'],
  ] as const)('%s', (_, o, state) => {
    expect(requestState(o, 'refresh', at(noon))).toBe(state);
  });

  it.each([
    ['yesterday', anObservation(), /no RFC 3339/],
    [ago(minutes(16)), anObservation(), /older than 15 minutes/],
    [ago(-hours(1)), anObservation(), /ahead of the clock/],
    [ago(minutes(5)), requested('', noon), /older than this object/],
    [ago(minutes(5)), { ...anObservation(), grant: held({ sealedAt: noon }) }, /older than the token, .*12:00:00Z/],
    [ago(0), anObservation(), undefined],
  ] as const)('of %s is stale for a reason that is told', (value, o, why) => {
    const told = staleness(o, value, at(noon));
    if (why === undefined) expect(told).toBeUndefined();
    else expect(told).toMatch(why);
  });

  it('is judged by the wall clock, by which people wrote it', () => {
    expect(requestState(requested(ago(0)), 'refresh', at(noon + days(3), { wall: noon }))).toBe('Act');
  });

  it('that is stale is answered, and never acts, whatever the time becomes', () => {
    const ahead = answerStale(requested(ago(-hours(1))), at(noon));
    expect(ahead.history.handled.refresh).toBe(ago(-hours(1)));
    expect(requestState(ahead, 'refresh', at(noon + hours(1)))).toBe('None');
    const good = requested(ago(0));
    expect(answerStale(good, at(noon))).toBe(good);
  });

  it('that cannot be acted on ends when it is too old', () => {
    const [end = 0] = requestEnds(requested(ago(minutes(5))), at(noon));
    expect(end).toBeGreaterThan(noon + minutes(10));
    expect(requestState(requested(ago(minutes(5))), 'refresh', at(end))).toBe('Stale');
    expect(requestEnds(requested(ago(minutes(16))), at(noon))).toEqual([]);
  });
});

describe('a readable record is', () => {
  const record = (fields: Parameters<typeof aGrant>[0] = {}, secretCreatedAt = noon - days(2)) => ({
    grant: aGrant(fields),
    keyID: 'k',
    secretCreatedAt,
  });
  const issuedAt = noon - days(2);
  const stranger = { connectionUID: 'another', sealedAt: issuedAt, accessToken: { ...aGrant().accessToken, issuedAt } };

  it.each([
    ['the connection’s own', record(), 3, 'Held'],
    ['its own, and newer than the status', record(), 1, 'Held'],
    ['older than the status has seen', record(), 4, 'Outdated'],
    ['left by an earlier connection', record(stranger), 0, 'Retained'],
    ['put back from a backup, since its Secret is younger than it', record(stranger, noon), 0, 'Held'],
    ['within the tolerance of clocks', record(stranger, noon - days(2) + minutes(4)), 0, 'Retained'],
    [
      'made by a machine whose clock is behind',
      record({ ...stranger, sealedAt: issuedAt - hours(1) }, issuedAt),
      0,
      'Retained',
    ],
    ['put back, but older than the status has seen', record(stranger, noon), 4, 'Outdated'],
  ])('%s', (_, found, seenRevision, kind) => {
    expect(recogniseGrant(found, { uid, seenRevision }).kind).toBe(kind);
  });
});

it('seconds are the resolution of what people write', () => {
  expect(requestState(requested(formatInstant(noon + seconds(0.9))), 'refresh', at(noon))).toBe('Act');
});
