import { describe, expect, test } from 'vitest';
import { type Config, environmentName, helpText, readConfig, settings } from '../../src/config.ts';
import { wholeSeconds } from '../../src/setting.ts';

function read(args: readonly string[], env: Record<string, string> = {}): Config {
  const result = readConfig(args, env);
  if (result.ok !== true) throw new Error(result.ok === 'help' ? 'help' : result.problems.join('; '));
  return result.config;
}

function problemsOf(args: readonly string[], env: Record<string, string> = {}): readonly string[] {
  const result = readConfig(args, env);
  return result.ok === false ? result.problems : [];
}

describe('settings', () => {
  test('have the defaults that are promised', () => {
    expect(read([])).toEqual({
      kubeconfig: undefined,
      watchNamespaces: undefined,
      operatorNamespace: undefined,
      leaderElect: true,
      leaseDuration: 15_000,
      concurrency: 50,
      tokenRequestConcurrency: 1,
      metricsBindAddress: { port: 8080 },
      healthProbeBindAddress: { port: 8081 },
      webBindAddress: { port: 8082 },
      externalURL: undefined,
      squareProductionURL: 'https://connect.squareup.com',
      squareSandboxURL: 'https://connect.squareupsandbox.com',
      sealingKeyDir: undefined,
      journalDir: '/tmp/square-operator-journal',
      enableRolloutRestart: false,
      logLevel: 'info',
    });
  });

  test.each([
    [['--concurrency=7'], { concurrency: 7 }],
    [['--concurrency', '7'], { concurrency: 7 }],
    [['--concurrency=7', '--concurrency=8'], { concurrency: 8 }],
    [['--leader-elect=false'], { leaderElect: false }],
    [['--leader-elect-lease-duration=3s'], { leaseDuration: 3_000 }],
    [['--enable-rollout-restart', '--log-level', 'debug'], { enableRolloutRestart: true, logLevel: 'debug' }],
    [['--watch-namespaces=b, a,b'], { watchNamespaces: ['a', 'b'] }],
    [['--metrics-bind-address=0'], { metricsBindAddress: 'off' }],
    [['--metrics-bind-address=127.0.0.1:0'], { metricsBindAddress: { host: '127.0.0.1', port: 0 } }],
    [['--metrics-bind-address=[::1]:9'], { metricsBindAddress: { host: '::1', port: 9 } }],
    [['--external-url=https://a.example/square/'], { externalURL: 'https://a.example/square' }],
    [['--square-sandbox-url=http://127.0.0.1:8000/'], { squareSandboxURL: 'http://127.0.0.1:8000' }],
    [['--square-production-url=http://[::1]:8000'], { squareProductionURL: 'http://[::1]:8000' }],
    [['--concurrency='], { concurrency: 50 }],
  ])('are read from %j', (args, expected) => {
    expect(read(args)).toMatchObject(expected);
  });

  test.each([
    [3, 120],
    [1, 9],
    [7, 7],
    [12, 85],
    [99, 100],
    [30, 3600],
    [105, 2150],
  ])('a time from %i to %i seconds: the schema takes what is read, and no other', (least, most) => {
    const time = wholeSeconds(least, most);
    const takes = new RegExp(String(time.schema['pattern']));
    const texts = ['', 's', '15', '015s', '15s ', '1.5s', '-3s', ...Array.from({ length: 4_000 }, (_, i) => `${i}s`)];
    expect(texts.filter((text) => takes.test(text) !== time.read(text).ok)).toEqual([]);
  });

  test('come from the environment, and a flag wins', () => {
    const env = {
      SQUARE_OPERATOR_CONCURRENCY: '3',
      SQUARE_OPERATOR_LOG_LEVEL: 'warn',
      SQUARE_OPERATOR_EXTERNAL_URL: '',
    };
    expect(read(['--log-level=error'], env)).toMatchObject({
      concurrency: 3,
      logLevel: 'error',
      externalURL: undefined,
    });
  });

  test('leave alone the variables that Kubernetes sets for a Service of that name', () => {
    expect(
      problemsOf([], { SQUARE_OPERATOR_SERVICE_HOST: '10.0.0.1', SQUARE_OPERATOR_PORT: 'tcp://10.0.0.1:80' }),
    ).toEqual([]);
  });

  test.each([
    [['--concurency=3'], '--concurency: there is no such flag; write --concurrency'],
    [['--frobnicate'], 'write --help to see all'],
    [['--leader-elect', 'false'], 'argument 2: write settings as --name=value'],
    [['-v'], 'argument 1: write settings as --name=value'],
    [['--concurrency'], '--concurrency: write a value after it'],
    [['--kubeconfig', '--leader-elect'], '--kubeconfig: write a value after it'],
    [['--concurrency=0'], '--concurrency: write a whole number from 1 to 1000'],
    [['--concurrency=many'], 'write a whole number'],
    [['--leader-elect=yes'], '--leader-elect: write true or false'],
    [['--leader-elect-lease-duration=15'], 'write 3s to 120s'],
    [['--leader-elect-lease-duration=1s'], 'write 3s to 120s'],
    [['--log-level=loud'], 'write one of debug, info, warn, error'],
    [['--metrics-bind-address=8080'], 'write HOST:PORT, :PORT'],
    [['--metrics-bind-address=:70000'], 'write HOST:PORT, :PORT'],
    [['--watch-namespaces=a,,b'], 'with commas between them'],
    [['--operator-namespace=A'], 'the name of one namespace'],
    [['--external-url=http://a.example'], 'write an https URL'],
    [['--external-url=https://me:pass@a.example'], 'without user'],
    [['--external-url=square'], 'write a URL such as https://square.example.com'],
    [['--square-production-url=http://connect.squareup.com'], 'plain http only to this machine'],
    [['--square-production-url=http://127.0.0.1.a.example'], 'plain http only to this machine'],
    [['--square-sandbox-url=https://a.example/v2'], 'write scheme, host and port only'],
  ])('refuse %j', (args, says) => {
    expect(problemsOf(args)).toEqual([expect.stringContaining(says)]);
  });

  test('name the variable when the wrong value came from there, and repeat no value', () => {
    const problems = problemsOf([], { SQUARE_OPERATOR_EXTERNAL_URL: 'https://me:pass@a.example' });
    expect(problems).toEqual([expect.stringMatching(/^SQUARE_OPERATOR_EXTERNAL_URL: write/)]);
    expect(problems.join()).not.toContain('pass');
  });

  test('are all in --help, which comes before every complaint', () => {
    expect(readConfig(['--nonsense', '--help'], {})).toEqual({ ok: 'help' });
    for (const setting of Object.values(settings)) {
      expect(helpText()).toContain(`--${setting.name}=`);
      expect(helpText()).toContain(environmentName(setting));
      expect(helpText()).toMatch(/\S\n$/);
    }
  });
});
