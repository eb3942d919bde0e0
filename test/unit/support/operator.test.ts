import { describe, expect, test } from 'vitest';
import { idle, ready } from '../../support/operator.ts';

const saying = (text: string, status = 200) => ({ get: () => Promise.resolve({ status, text }) });

const leading = (leads: 0 | 1) => `leader_election_master_status{name="square-operator"} ${leads}\n`;

describe('waiting for an operator', () => {
  test('that leads and has nothing to do', async () => {
    await idle(
      saying(`${leading(1)}workqueue_depth{name="q"} 0\ncontroller_runtime_active_workers{controller="q"} 0\n`),
    );
  });

  test.each([
    ['that does not lead', `${leading(0)}workqueue_depth{name="q"} 0\n`, /does not lead: not within 20 ms/],
    ['that has work', `${leading(1)}workqueue_depth{name="q"} 3\n`, /is not idle: .*\n.*workqueue_depth\{name="q"\} 3/],
  ])('%s ends with what it says', async (_, metrics, says) => {
    await expect(idle(saying(metrics), 20)).rejects.toThrow(says);
  });

  test('that is never ready ends with what it says', async () => {
    await expect(ready(saying('[-]watches failed', 503), 20)).rejects.toThrow(/not ready: .*\n\[-\]watches failed/);
    await ready(saying('ok'));
  });
});
