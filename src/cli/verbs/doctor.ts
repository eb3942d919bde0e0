import { inCluster } from '../cluster.ts';
import type { Finding, Health } from '../doctor/finding.ts';
import { type Output, outputOption } from '../options.ts';
import { isForPeople, print } from '../print.ts';
import type { Screen, Tone } from '../screen.ts';
import { wrap } from '../table.ts';
import { verb } from '../verb.ts';

interface Options {
  readonly output: Output;
  readonly metricsUrl?: string;
}

export const doctor = verb<Options>({
  name: 'doctor',
  says: 'Look for what is wrong, and say what to do about it.',
  explains:
    'Checks the way to the API server and its clock, the definitions, your rights and the operator’s, lease and replicas, sealing keys, the operator’s and Square’s clocks, Square as the operator sees it, applications, connections, rotations, deletions, and whether the addresses for sellers and webhooks answer from here. It looks at all namespaces, or at that of -n. What you have no right to see is skipped. Exits with 1 when a check failed. It never calls Square.',
  options: [
    {
      flags: '--metrics-url <url>',
      says: 'The operator’s metrics, where the API server’s proxy does not reach them, such as a port-forward.',
    },
    outputOption('table', 'json', 'yaml'),
  ],
  examples: [
    { says: 'Everything', command: 'kubectl square doctor' },
    {
      says: 'Only what failed, for a script',
      command: 'kubectl square doctor -o json | jq \'.checks[] | select(.health == "fail")\'',
    },
    {
      says: 'Without the right to proxy to pods',
      command:
        'kubectl -n square-operator port-forward deploy/square-operator 8080 & kubectl square doctor --metrics-url http://127.0.0.1:8080/metrics',
    },
  ],
  async run({ options, screen, clock }) {
    // It alone needs so much, and most calls are of other verbs.
    const { examine } = await import('../doctor/examine.ts');
    const { namespace, operatorNamespace, metricsUrl: metricsURL } = options;
    return inCluster(options, clock, async (cluster) => {
      const found = await examine(cluster, { namespace, operatorNamespace, metricsURL });
      if (isForPeople(options.output)) screen.out(report(screen, found));
      else await print(screen, options.output, { checks: found, summary: countsOf(found) });
      return found.some(({ health }) => health === 'fail') ? 'error' : 'ok';
    });
  },
});

const tones: Readonly<Record<Health, Tone>> = { ok: 'good', warn: 'warn', fail: 'bad', skip: 'dim' };

const countsOf = (found: readonly Finding[]): Record<Health, number> => {
  const count = (health: Health) => found.filter((one) => one.health === health).length;
  return { ok: count('ok'), warn: count('warn'), fail: count('fail'), skip: count('skip') };
};

/** A line for each finding, its remedy below it, and the counts at the end. */
export function report(screen: Screen, found: readonly Finding[]): string {
  const room = Math.min(screen.width ?? 100, 100) - 6;
  const lines = found.flatMap(({ check, health, says, remedy }) => {
    const [first = '', ...rest] = wrap(`${check}: ${says}`, room);
    const head = first.startsWith(check) ? screen.paint('strong', check) + first.slice(check.length) : first;
    const help =
      remedy === undefined ? [] : wrap(`→ ${remedy}`, room - 2).map((line, i) => (i === 0 ? line : `  ${line}`));
    return [
      `${screen.paint(tones[health], health.padEnd(4))}  ${head}`,
      ...rest.map((line) => `      ${line}`),
      ...help.map((line) => `      ${line}`),
    ];
  });
  const { ok, warn, fail, skip } = countsOf(found);
  const summary = `${ok} ok, ${warn} to look at, ${fail} failed, ${skip} skipped`;
  return [...lines, '', screen.paint(fail > 0 ? 'bad' : warn > 0 ? 'warn' : 'good', summary)].join('\n');
}
