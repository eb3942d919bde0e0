import type { VerbOption } from './verb.ts';

export const outputs = ['table', 'wide', 'json', 'yaml'] as const;
export type Output = (typeof outputs)[number];

/** Options that every verb takes. */
export interface GlobalOptions {
  readonly namespace?: string;
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly as?: string;
  /** As written: `30s`, `1m`. */
  readonly requestTimeout: string;
  readonly operatorNamespace: string;
  /** `false` with `--no-color`. */
  readonly color: boolean;
}

export const globalOptions: readonly VerbOption[] = [
  {
    flags: '-n, --namespace <namespace>',
    says: 'Namespace; default: that of the kubeconfig’s context.',
    completes: 'namespace',
  },
  {
    flags: '--kubeconfig <file>',
    says: 'A kubeconfig file; default: $KUBECONFIG, then ~/.kube/config.',
    completes: 'file',
  },
  { flags: '--context <name>', says: 'A context of the kubeconfig.' },
  { flags: '--as <user>', says: 'The user to act as, where you may impersonate.' },
  { flags: '--request-timeout <time>', says: 'How long one request to the API server may take.', default: '30s' },
  {
    flags: '--operator-namespace <namespace>',
    says: 'Where the operator runs.',
    default: 'square-operator',
    completes: 'namespace',
  },
  { flags: '--no-color', says: 'No colours. They are only on a terminal, and $NO_COLOR turns them off, too.' },
];

export interface Selecting {
  readonly selector?: string;
  readonly allNamespaces?: boolean;
}

export const selectorOption: VerbOption = {
  flags: '-l, --selector <labels>',
  says: 'Only connections with these labels, such as app=pos,tier!=test.',
};

export const allNamespacesOption: VerbOption = { flags: '-A, --all-namespaces', says: 'In all namespaces.' };

export const outputOption = (...choices: readonly Output[]): VerbOption => ({
  flags: '-o, --output <format>',
  says: 'How it is printed.',
  choices,
  default: 'table',
});
