import { describe, expect, test } from 'vitest';
import { addTallies, exitCodeOf, summaryOf, tallyOf, type VitestReport } from '../../../tools/test-summary.ts';

const file = (status: string, ...statuses: string[]) => ({
  name: 'a.test.ts',
  status,
  assertionResults: statuses.map((one, index) => ({ fullName: `test ${index}`, status: one })),
});
const report = (...testResults: VitestReport['testResults'][number][]): VitestReport => ({ testResults });

describe('the last line counts', () => {
  const rows: [string, VitestReport | undefined, boolean, string, number][] = [
    ['passed tests', report(file('passed', 'passed', 'passed')), true, '2 passed, 0 failed', 0],
    ['failed tests', report(file('failed', 'passed', 'failed')), false, '1 passed, 1 failed', 1],
    ['skipped tests', report(file('passed', 'passed', 'skipped', 'todo')), true, '1 passed, 0 failed, 2 skipped', 0],
    ['a file that cannot be loaded', report(file('passed', 'passed'), file('failed')), false, '1 passed, 1 failed', 1],
    ['a file whose hook fails', report(file('failed', 'passed', 'skipped')), false, '1 passed, 1 failed, 1 skipped', 1],
    ['a run that fails for no test', report(file('passed', 'passed')), false, '1 passed, 1 failed', 1],
    ['a run without a test', report(), true, '0 passed, 1 failed', 1],
    ['a run that leaves no report', undefined, false, '0 passed, 1 failed', 1],
  ];
  test.each(rows)('%s', (_, given, passed, line, code) => {
    const tally = tallyOf(given, passed);
    expect(summaryOf(tally, false).trimEnd().split('\n').at(-1)).toBe(line);
    expect(exitCodeOf(tally, false)).toBe(code);
  });
});

test('where nothing may be skipped a skipped test is a failed one, and is named', () => {
  const tally = tallyOf(report(file('passed', 'passed', 'skipped')), true);
  expect(summaryOf(tally, true)).toBe('skipped: test 1\n1 passed, 1 failed\n');
  expect(exitCodeOf(tally, true)).toBe(1);
});

test('what is to be said of the counts stands before them, after the names', () => {
  const tally = tallyOf(report(file('failed', 'passed', 'failed')), false);
  expect(summaryOf(tally, false, 'with lint:')).toBe('failed: test 1\nwith lint:\n1 passed, 1 failed\n');
});

test('counts of several runs add up', () => {
  const one = { passed: 1, failed: ['a'], skipped: [] };
  const other = { passed: 2, failed: [], skipped: ['b'] };
  expect(addTallies([one, other])).toEqual({ passed: 3, failed: ['a'], skipped: ['b'] });
});
