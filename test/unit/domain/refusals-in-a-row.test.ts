import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { days, hours, minutes } from '../../../src/clock.ts';
import {
  emptyRow,
  mostRefused,
  noLaterThan,
  type Row,
  rowOf,
  withProbe,
  withRefusal,
  withRenewal,
} from '../../../src/domain/refusals-in-a-row.ts';
import { noon } from '../../support/builders.ts';

const refuse = (row: Row, count: number, from = noon) =>
  Array.from({ length: count }, (_, i) => i).reduce((now, i) => withRefusal(now, `c${i}`, from + minutes(i)), row);

describe('refusals in a row', () => {
  it('hold others back from the fifth on, since the first', () => {
    expect(refuse(emptyRow, mostRefused - 1).open).toBeUndefined();
    expect(refuse(emptyRow, mostRefused).open).toMatchObject({ since: noon, probes: 0 });
  });

  it('of one and the same connection are one', () => {
    const row = Array.from({ length: 20 }).reduce<Row>((now) => withRefusal(now, 'c0', noon), emptyRow);
    expect(row.open).toBeUndefined();
  });

  it('end with the renewal of a token that was given before they began, and with no other', () => {
    for (const count of [mostRefused - 1, mostRefused]) {
      const row = refuse(emptyRow, count);
      expect(withRenewal(row, noon + hours(1)), 'a seller has signed in again').toBe(row);
      expect(withRenewal(row, noon - days(3))).toEqual(emptyRow);
    }
  });

  it('are known alike to the process that saw them and to one that reads of them', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ who: fc.nat(8), after: fc.nat(days(1)) }), { maxLength: 20 }), (refusals) => {
        let row = emptyRow;
        for (const [i, { who, after }] of refusals.entries())
          row = withRefusal(row, `c${who}`, noon + i * days(1) + after);
        expect(rowOf(row.refused).open?.since).toBe(row.open?.since);
        expect(rowOf(row.refused, row.open)).toEqual(row);
      }),
    );
  });

  it('let one token be tried after an hour, then ever more rarely, at least once a day', () => {
    let row = refuse(emptyRow, mostRefused);
    let at = noon + minutes(mostRefused - 1);
    const waits: number[] = [];
    for (let i = 0; i < 9; i++) {
      waits.push(((row.open?.retryAt ?? 0) - at) / hours(1));
      at = row.open?.retryAt ?? 0;
      row = withProbe(row, at);
      expect(row.open?.retryAt, 'while it is tried nobody else is').toBeGreaterThan(at);
      row = withRefusal(row, `probe${i}`, at);
    }
    for (const [i, middle] of [1, 2, 4, 8, 16, 24, 24, 24, 24].entries()) {
      expect(waits[i]).toBeGreaterThanOrEqual(middle * 0.8);
      expect(waits[i]).toBeLessThanOrEqual(middle * 1.2 + 0.001);
    }
    expect(row.open?.since).toBe(noon);
  });

  it('do not wait for a time that is far off since the clock was set back', () => {
    const row = refuse(emptyRow, mostRefused, noon + days(40));
    const set = noLaterThan(row, noon);
    expect(set.open?.since).toBe(noon);
    expect((set.open?.retryAt ?? 0) - noon).toBeLessThan(hours(2));
    expect(noLaterThan(set, noon)).toBe(set);
  });
});
