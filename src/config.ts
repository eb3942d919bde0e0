import * as kind from './setting.ts';

/** A setting of the operator. Its flag and its environment variable are made from its name. */
export interface Setting<T> {
  /** As in `--concurrency` and `SQUARE_OPERATOR_CONCURRENCY`. */
  readonly name: string;
  readonly kind: kind.ValueKind<T>;
  /** The text that applies when nothing is given; without it the setting is absent then. */
  readonly default?: string;
  readonly help: string;
}

const optional = <T>(name: string, of: kind.ValueKind<T>, help: string): Setting<T | undefined> => ({
  name,
  kind: of,
  help,
});
const withDefault = <T>(name: string, of: kind.ValueKind<T>, text: string, help: string): Setting<T> => ({
  name,
  kind: of,
  default: text,
  help,
});

/** Every setting, in the order of the reference. Parsing, `--help` and the reference are made from this table. */
export const settings = {
  kubeconfig: optional(
    'kubeconfig',
    kind.path,
    "A kubeconfig file. Without it: the files in KUBECONFIG, else the pod's service account, else ~/.kube/config.",
  ),
  watchNamespaces: optional(
    'watch-namespaces',
    kind.namespaces,
    'The namespaces to look after. Without it: all of them. An application has to be in one of these, too.',
  ),
  operatorNamespace: optional(
    'operator-namespace',
    kind.namespace,
    "Where the lease, the sealing keys and their public half lie. Without it: the pod's own namespace, or that of the kubeconfig's context.",
  ),
  leaderElect: withDefault(
    'leader-elect',
    kind.bool,
    'true',
    'Act only while holding the lease, so that several replicas can run. False only where there is certainly one.',
  ),
  leaseDuration: withDefault(
    'leader-elect-lease-duration',
    kind.wholeSeconds(3, 120),
    '15s',
    'After a holder of the lease that falls silent, another replica takes over so late; the holder itself stops acting after two thirds of it. The same for all replicas.',
  ),
  concurrency: withDefault(
    'concurrency',
    kind.wholeNumber(1, 1000),
    '50',
    'How many connections are worked on at the same time.',
  ),
  tokenRequestConcurrency: withDefault(
    'token-request-concurrency',
    kind.wholeNumber(1, 1000),
    '1',
    'How many token requests are under way at the same time. A process that is killed loses the answers that it has not stored; with single-use refresh tokens each is a seller who has to sign in again. More make taking up thousands of connections faster.',
  ),
  metricsBindAddress: withDefault(
    'metrics-bind-address',
    kind.bindAddress,
    ':8080',
    'Where /metrics is served; 0 for nowhere.',
  ),
  healthProbeBindAddress: withDefault(
    'health-probe-bind-address',
    kind.bindAddress,
    ':8081',
    'Where /healthz and /readyz are served; 0 for nowhere.',
  ),
  webBindAddress: withDefault(
    'web-bind-address',
    kind.bindAddress,
    ':8082',
    'Where sign-in pages, the OAuth callback and webhooks are served; 0 for nowhere. Only with an external URL.',
  ),
  externalURL: optional(
    'external-url',
    kind.url({ withPath: true, example: 'https://square.example.com' }),
    'Where browsers and Square reach the web parts. Without it the web parts are off. https, except to this machine.',
  ),
  squareProductionURL: withDefault(
    'square-production-url',
    kind.url({ withPath: false, example: 'https://connect.squareup.com' }),
    'https://connect.squareup.com',
    "Square's API for production. Plain http only to this machine.",
  ),
  squareSandboxURL: withDefault(
    'square-sandbox-url',
    kind.url({ withPath: false, example: 'https://connect.squareupsandbox.com' }),
    'https://connect.squareupsandbox.com',
    "Square's API for the sandbox. Plain http only to this machine.",
  ),
  sealingKeyDir: optional(
    'sealing-key-dir',
    kind.path,
    'A directory with sealing keys as files, from a CSI driver or a KMS. Without it the keys lie in Secrets of the operator namespace, and a backup of etcd holds them beside what they seal.',
  ),
  journalDir: withDefault(
    'journal-dir',
    kind.path,
    '/tmp/square-operator-journal',
    'A directory that keeps, sealed, what Square answered until the cluster has stored it. Give it a volume that outlives the container. Processes may share it, of several hosts too: each has a directory of its own in it, and takes over what an ended one left.',
  ),
  enableRolloutRestart: withDefault(
    'enable-rollout-restart',
    kind.bool,
    'false',
    'Restart the workloads in spec.rolloutRestartTargets when a token changed, where they consent. Needs a role of its own: rolloutRestart.enabled of the chart, or deploy/rollout-restart.',
  ),
  logLevel: withDefault(
    'log-level',
    kind.oneOf('debug', 'info', 'warn', 'error'),
    'info',
    'The least severe log lines that are written.',
  ),
} as const;

type Settings = typeof settings;
type ValueOf<S> = S extends Setting<infer T> ? T : never;

/** The settings of one run. What is optional and not given is `undefined`. */
export type Config = { readonly [Name in keyof Settings]: ValueOf<Settings[Name]> };

/** The environment variable of a setting: `SQUARE_OPERATOR_LOG_LEVEL`. */
export const environmentName = (setting: { readonly name: string }): string =>
  `SQUARE_OPERATOR_${setting.name.replaceAll('-', '_').toUpperCase()}`;

export type ReadConfig =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: 'help' }
  /** Each names a flag or variable and says what to write; none repeats a value. */
  | { readonly ok: false; readonly problems: readonly string[] };

/**
 * The settings from command line and environment: a flag wins over its variable, a later flag over an earlier one, and
 * an empty text counts as not given. Other variables are left alone, since Kubernetes itself sets some that look like
 * ours (`SQUARE_OPERATOR_SERVICE_HOST`).
 */
export function readConfig(args: readonly string[], env: Readonly<Record<string, string | undefined>>): ReadConfig {
  const { flags, problems, help } = readFlags(args);
  if (help) return { ok: 'help' };
  const entries = Object.entries(settings).map(([property, setting]) => {
    const given = flags.get(setting.name);
    const [text, from] =
      given !== undefined && given !== ''
        ? [given, `--${setting.name}`]
        : [env[environmentName(setting)], environmentName(setting)];
    const effective = text === undefined || text === '' ? (setting as Setting<unknown>).default : text;
    if (effective === undefined) return [property, undefined] as const;
    const reading = (setting as Setting<unknown>).kind.read(effective);
    if (reading.ok) return [property, reading.value] as const;
    problems.push(`${from}: ${reading.write}`);
    return [property, undefined] as const;
  });
  return problems.length > 0 ? { ok: false, problems } : { ok: true, config: Object.fromEntries(entries) as Config };
}

interface Flags {
  readonly flags: Map<string, string>;
  readonly problems: string[];
  readonly help: boolean;
}

/** `--name=value`, `--name value`, and `--name` alone for what is true or false. */
function readFlags(args: readonly string[]): Flags {
  const flags = new Map<string, string>();
  const problems: string[] = [];
  for (let at = 0; at < args.length; at += 1) {
    const argument = args[at] ?? '';
    if (argument === '--help' || argument === '-h') return { flags, problems, help: true };
    const [, name, inline] = /^--([^=]+)(?:=(.*))?$/s.exec(argument) ?? [];
    const setting = Object.values(settings).find((known) => known.name === name);
    if (name === undefined) problems.push(`argument ${at + 1}: write settings as --name=value`);
    else if (setting === undefined) problems.push(unknownFlag(name));
    else if (inline !== undefined) flags.set(name, inline);
    else if (setting.kind === kind.bool) flags.set(name, 'true');
    else if (args[at + 1] === undefined || args[at + 1]?.startsWith('--'))
      problems.push(`--${name}: write a value after it`);
    else flags.set(name, args[(at += 1)] ?? '');
  }
  return { flags, problems, help: false };
}

function unknownFlag(name: string): string {
  const near = Object.values(settings)
    .map((setting) => ({ name: setting.name, distance: editDistance(name, setting.name) }))
    .sort((a, b) => a.distance - b.distance)[0];
  const known = near !== undefined && near.distance <= 4 ? `write --${near.name}` : 'write --help to see all';
  return `--${name.slice(0, 40)}: there is no such flag; ${known}`;
}

/** How many letters have to be put in, taken out or replaced (Levenshtein). */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/** The text of `--help`. */
export function helpText(): string {
  const lines = Object.values(settings).map((setting) => {
    const fallback = (setting as Setting<unknown>).default;
    const preset = fallback === undefined ? '' : ` Default: ${fallback}.`;
    return `  --${setting.name}=${setting.kind.word}\n      ${setting.help}${preset}\n      ${environmentName(setting)}\n`;
  });
  return `square-operator keeps Square OAuth connections alive.\n\nUsage: square-operator [--name=value ...]\n\nA flag wins over its environment variable.\n\n${lines.join('')}`;
}
