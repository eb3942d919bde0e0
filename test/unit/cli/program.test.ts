import { expect, test } from 'vitest';
import { Ending, exitCodes, worst } from '../../../src/cli/exit.ts';
import { tooOld } from '../../../src/cli/node-version.ts';
import { commandLine, runProgram } from '../../../src/cli/program.ts';
import { verb } from '../../../src/cli/verb.ts';
import { verbs } from '../../../src/cli/verbs.ts';
import { KubeError } from '../../../src/kube/client.ts';
import { createFakeClock } from '../../support/clock.ts';
import { paper, stdinOf } from './fixtures.ts';

async function run(args: readonly string[], of = verbs, signal = new AbortController().signal) {
  const [stdout, stderr] = [paper(), paper()];
  const around = { stdin: stdinOf(''), stdout, stderr, env: {}, clock: createFakeClock(), signal };
  const code = await runProgram(args, of, around);
  return { code, stdout: stdout.text, stderr: stderr.text };
}

const widest = (text: string): number => Math.max(...text.split('\n').map((line) => line.length));

/** What a verb is called with. */
async function calls(...args: readonly string[]) {
  const seen: object[] = [];
  const program = commandLine(
    verbs,
    { stdout: paper(), stderr: paper() },
    async ({ name }, names, options) => void seen.push({ name, names, options }),
  );
  await program.parseAsync([...args], { from: 'user' });
  return seen[0];
}

const failing = (error: unknown) => [
  verb({
    name: 'fail',
    says: 'Fail.',
    explains: 'Fails.',
    options: [],
    examples: [],
    run() {
      throw error;
    },
  }),
];

test('names, options and defaults reach the verb, wherever global ones stand', async () => {
  expect(await calls('refresh', 'a', 'b', '--no-wait', '-n', 'shop')).toMatchObject({
    name: 'refresh',
    names: ['a', 'b'],
    options: {
      wait: false,
      namespace: 'shop',
      output: 'table',
      requestTimeout: '30s',
      operatorNamespace: 'square-operator',
      color: true,
    },
  });
  expect(await calls('-n', 'shop', '--context', 'x', 'list', '-A', '--request-timeout', '5s')).toMatchObject({
    name: 'list',
    options: { namespace: 'shop', context: 'x', allNamespaces: true, requestTimeout: '5s' },
  });
});

test.each([
  [[], 'Usage: kubectl square'],
  [['nonsense'], "Error: unknown command 'nonsense'"],
  [['help', 'nonsense'], "Error: unknown command 'nonsense'"],
  [['list', '--nonsense'], "Error: unknown option '--nonsense'"],
  [['list', '-o', 'xml'], "argument 'xml' is invalid"],
  [['seal'], 'missing required argument'],
  [['refresh'], 'Name the connections, or write -l LABELS'],
  [['list', '--due', '--retained'], 'not both'],
  [['list', '--request-timeout', 'soon'], 'write a time such as 30s'],
  [['seal', 'x', '--client-id', 'sq0idp-x'], '--environment'],
  [['seal', 'x', '--application', 'a', '--environment', 'Sandbox'], 'Leave --environment out'],
  [['seal', 'x', '--application', 'a/b/c'], 'as NAME or NAMESPACE/NAME'],
  [['seal', 'x', '-n', 'no one', '--personal', '--environment', 'Sandbox', '--public-key', 'k'], 'cannot be the name'],
  [['seal', 'x-sealed', '--personal', '--environment', 'Sandbox'], 'cannot be the name'],
])('%j is a wrong command line', async (args, says) => {
  const { code, stdout, stderr } = await run(args);
  expect(stderr).toContain(says);
  expect(code).toBe(2);
  expect(stdout).toBe('');
});

test('--help of every verb has examples, fits 100 columns, and is on standard output', async () => {
  for (const { name, says } of verbs) {
    const { code, stdout } = await run([name, '--help']);
    expect(code).toBe(0);
    expect(stdout).toContain('\nExamples:\n  # ');
    expect(stdout).toMatch(/\S\n$/);
    expect(stdout).toContain(`Usage: kubectl square ${name} `);
    expect(widest(stdout.slice(0, stdout.indexOf('\nExamples:')))).toBeLessThanOrEqual(100);
    expect((await run(['--help'])).stdout).toContain(says);
    expect((await run(['--help'])).stdout).toMatch(/\S\n$/);
  }
  expect(widest((await run(['--help'])).stdout)).toBeLessThanOrEqual(100);
  expect((await run(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});

test('what goes wrong ends in a message and an exit code', async () => {
  const refused = (status: number, reason: string, path: string) =>
    new KubeError({ status, reason, message: `GET ${path}: ${status} ${reason}`, mayHaveActed: false });
  expect(await run(['fail'], failing(new Ending('notFound', 'There is none.')))).toEqual({
    code: 3,
    stdout: '',
    stderr: 'Error: There is none.\n',
  });
  const path = '/apis/square-operator.dev/v1alpha1/squareconnections';
  const [bare, help] = (await run(['fail'], failing(refused(404, 'NotFound', path)))).stderr.split('\n');
  expect(bare).toBe(
    'Error: No operator is installed here: this cluster does not know squareconnections.square-operator.dev.',
  );
  // The definitions alone would be in the way of the chart.
  expect(help).toMatch(/helm install .* deploy\/install\.yaml.* docs\/installing\.md.* --context/);
  expect(help).not.toContain('crds/');
  expect((await run(['fail'], failing(refused(403, 'Forbidden', path)))).stderr).toContain('Ask for that right');
  expect((await run(['fail'], failing(refused(401, 'Unauthorized', path)))).stderr).toContain('Log in again');
  expect((await run(['fail'], failing(refused(0, 'Unreachable', path)))).stderr).toContain('network or VPN');
  expect(await run(['fail'], failing(new Error('odd')))).toEqual({ code: 1, stdout: '', stderr: 'Error: odd\n' });
  expect((await run(['fail'], failing(new Error('gone')), AbortSignal.abort())).code).toBe(130);
});

test('exit codes are those that scripts rely on, and the worst outcome counts', () => {
  expect(Object.fromEntries(Object.entries(exitCodes).map(([exit, { code }]) => [exit, code]))).toEqual({
    ok: 0,
    error: 1,
    usage: 2,
    notFound: 3,
    notReady: 4,
    timedOut: 5,
    interrupted: 130,
  });
  expect(worst([])).toBe('ok');
  expect(worst(['ok', 'notFound', 'notReady', 'timedOut'])).toBe('timedOut');
  expect(worst(['notReady', 'error'])).toBe('error');
  expect(worst(['interrupted', 'ok'])).toBe('interrupted');
});

test('an older Node is told what is needed', () => {
  expect(tooOld('24.1.0')).toBeUndefined();
  expect(tooOld('100.0.0')).toBeUndefined();
  expect(tooOld('20.20.2')).toContain('needs Node 24 or newer, and the first node on PATH is 20.20.2');
});

test('an error brings no control characters of what it quotes to the terminal', async () => {
  const message = 'No link can be made: \u001b]0;title\u0007bad\u001b[2J\r news\nSee whether it runs.';
  const { stderr } = await run(['fail'], failing(new Ending('notReady', message)));
  expect(stderr).toBe('Error: No link can be made: bad  news\nSee whether it runs.\n');
});
