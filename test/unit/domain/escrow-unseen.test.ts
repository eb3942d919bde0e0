import { describe, expect, it } from 'vitest';
import { hours, minutes, seconds } from '../../../src/clock.ts';
import { part } from '../../../src/domain/deletion.ts';
import { partingWords } from '../../../src/domain/ending-words.ts';
import type { Observation } from '../../../src/domain/observation.ts';
import { aConnection, anApplication, anObservation, aPersonalGrant, at, held, noon } from '../../support/builders.ts';

/** A deletion is to end the authorization, and since noon nobody has told what lies in escrow. */
const leaving = (fields: Partial<Observation> = {}, deletedAt = noon): Observation =>
  anObservation({
    connection: aConnection({ deleting: true, finalized: true, deletedAt }, { deletionPolicy: 'Revoke' }),
    escrowUnseenSince: noon,
    ...fields,
  });
const soon = at(noon + seconds(30));
const later = at(noon + hours(1.1));

describe('a deletion while it is not known what lies in escrow', () => {
  it('of a personal access token waits for nothing, and its Secrets go', () => {
    const grant = { kind: 'Held', grant: aPersonalGrant(), keyID: 'key-1' } as const;
    const published = leaving({ grant });
    const withdrawn = leaving({ grant, tokenSecret: { kind: 'Absent', name: 'bakery' } });
    for (const now of [soon, later]) {
      expect(part(published, now)).toMatchObject({ kind: 'Remove', because: 'ConnectionDeleted' });
      expect(part(withdrawn, now)).toMatchObject({ kind: 'Discard', because: 'PersonalAccessToken' });
    }
    expect(partingWords(published, soon)?.ready).toBeUndefined();
  });

  it('of what Square would never end (PKCE) waits for nothing, and says so', () => {
    const o = leaving({ application: anApplication({ clientSecret: { kind: 'None' } }) });
    const gone = { kind: 'RemoveFinalizer', from: 'Connection', because: 'RevokeUnsupported' };
    expect([part(o, soon), part(o, later)]).toEqual([gone, gone]);
  });

  it('of what was not taken over waits for nothing in a namespace that goes', () => {
    const o = leaving({ namespace: 'Ending', grant: { ...held(), kind: 'Retained' } });
    expect(part(o, soon)).toMatchObject({ kind: 'RemoveFinalizer', because: 'NotTakenOver' });
  });

  it('waits for an hour of that, however long ago the connection was deleted', () => {
    const o = leaving({}, noon - hours(3));
    const until = noon + hours(1);
    expect(part(o, at(noon + minutes(50)))).toEqual({ kind: 'Later', at: noon + minutes(50) + seconds(10) });
    expect(part(o, at(until - seconds(1)))).toEqual({ kind: 'Later', at: until });
    expect(part(o, at(until))).toMatchObject({ kind: 'RemoveFinalizer', because: 'RevokeGivenUp' });
  });
});
