/** What a run of tests came to. */
export interface Tally {
  readonly passed: number;
  readonly failed: readonly string[];
  readonly skipped: readonly string[];
}

/** What `report-file.ts` writes down of a run. */
export interface VitestReport {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

/**
 * Counts the tests of a report. A file that failed as a whole counts as a failure; so does a run that failed although
 * no test did, and one that left no report.
 */
export function tallyOf(report: VitestReport | undefined, runPassed: boolean): Tally {
  if (!report) return { passed: 0, failed: ['vitest left no report'], skipped: [] };
  const tests = report.testResults.flatMap(({ assertionResults }) => assertionResults);
  const named = (wanted: (status: string) => boolean) =>
    tests.filter(({ status }) => wanted(status)).map(({ fullName }) => fullName);
  const brokenFiles = report.testResults
    .filter(
      ({ status, assertionResults }) => status === 'failed' && !assertionResults.some((one) => one.status === 'failed'),
    )
    .map(({ name }) => name);
  const failed = [...named((status) => status === 'failed'), ...brokenFiles];
  const passed = named((status) => status === 'passed').length;
  const unexplained = !runPassed && failed.length === 0 ? ['vitest failed although no test did'] : [];
  return {
    passed,
    failed: [...failed, ...unexplained, ...(runPassed && passed === 0 ? ['no test ran'] : [])],
    skipped: named((status) => status !== 'passed' && status !== 'failed'),
  };
}

export function addTallies(tallies: readonly Tally[]): Tally {
  return {
    passed: tallies.reduce((sum, { passed }) => sum + passed, 0),
    failed: tallies.flatMap(({ failed }) => failed),
    skipped: tallies.flatMap(({ skipped }) => skipped),
  };
}

/** The names of what did not pass, what is to be said of the counts, and the line of these, which is the last. */
export function summaryOf({ passed, failed, skipped }: Tally, skipFails: boolean, remark?: string): string {
  const lines = [...failed.map((name) => `failed: ${name}`), ...skipped.map((name) => `skipped: ${name}`)];
  const counts = [`${passed} passed`, `${failed.length + (skipFails ? skipped.length : 0)} failed`];
  if (skipped.length > 0 && !skipFails) counts.push(`${skipped.length} skipped`);
  return `${[...lines, ...(remark === undefined ? [] : [remark]), counts.join(', ')].join('\n')}\n`;
}

/** Not 0 when anything failed or nothing passed. */
export function exitCodeOf({ passed, failed, skipped }: Tally, skipFails: boolean): number {
  return failed.length > 0 || passed === 0 || (skipFails && skipped.length > 0) ? 1 : 0;
}
