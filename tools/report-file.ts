import { writeFile } from 'node:fs/promises';
import type { Reporter, TestModule } from 'vitest/node';
import type { VitestReport } from './test-summary.ts';

/** Names the file that the report is for. */
export const reportFile = 'SQUARE_OPERATOR_TEST_REPORT';

/**
 * Leaves a report for `run-vitest.ts`. Vitest's own reporter for JSON announces its file, which is gone by the time that
 * a person could look.
 */
export default class ReportFile implements Reporter {
  async onTestRunEnd(modules: readonly TestModule[]): Promise<void> {
    const report: VitestReport = { testResults: modules.map(resultOf) };
    await writeFile(process.env[reportFile] ?? '', JSON.stringify(report));
  }
}

function resultOf(module: TestModule): VitestReport['testResults'][number] {
  const state = module.state();
  const assertionResults = [...module.children.allTests()].map((test) => ({
    fullName: test.fullName,
    status: test.result().state,
  }));
  // A file whose worker died is left as it was.
  const broken = state === 'failed' || state === 'pending' || state === 'queued';
  return { name: module.moduleId, status: broken ? 'failed' : 'passed', assertionResults };
}
