import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Document, type Node, type YAMLSeq } from 'yaml';
import { type Setting, settings } from '../../src/config.ts';
import * as permissions from '../../src/permissions.ts';
import { supportedKubernetes } from '../../src/supported.ts';
import type { Artifact } from './artifact.ts';
import { crdsWith } from './crds.ts';
import { neededValues, valuesSchema } from './values-schema.ts';

const chart = 'charts/square-operator';
const from = (source: string) => `Generated from ${source} by "npm run generate". Do not edit.`;

/** What the chart decides by other values, or by itself (`undefined`), and so takes no setting for. */
const ofTheChart: Readonly<Partial<Record<keyof typeof settings, string | undefined>>> = {
  kubeconfig: undefined,
  watchNamespaces: 'watchNamespaces',
  operatorNamespace: undefined,
  metricsBindAddress: undefined,
  healthProbeBindAddress: undefined,
  webBindAddress: undefined,
  sealingKeyDir: 'sealingKeys.volume',
  journalDir: 'journal.volume',
  enableRolloutRestart: 'rolloutRestart.enabled',
};

/** The value of the chart by which a setting is made, as a path; `undefined` where there is none. */
export const chartValueOf = (property: keyof typeof settings): string | undefined =>
  property in ofTheChart ? ofTheChart[property] : `settings.${property}`;

const taken = (Object.entries(settings) as [keyof typeof settings, Setting<unknown>][]).filter(
  ([property]) => !(property in ofTheChart),
);

/** Those files of the chart that have a source elsewhere. */
export function chartSources(): Artifact[] {
  return [
    { path: `${chart}/Chart.yaml`, text: chartYaml() },
    { path: `${chart}/values.schema.json`, text: `${JSON.stringify(valuesSchema(taken), undefined, 2)}\n` },
    { path: `${chart}/templates/_settings.tpl`, text: settingsTemplate() },
    { path: `${chart}/templates/checks/_needed.tpl`, text: neededTemplate() },
    { path: `${chart}/templates/_rules.tpl`, text: rulesTemplate() },
    // Uninstalling the chart must not take every connection of the cluster with it.
    ...crdsWith({ annotations: { 'helm.sh/resource-policy': 'keep' }, folder: `${chart}/files/crds` }),
  ];
}

function chartYaml(): string {
  const file = readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8');
  const { name, version, description, license } = JSON.parse(file) as Record<string, string>;
  return `# ${from('package.json')}
apiVersion: v2
name: ${name}
description: ${description}
type: application
version: ${version}
appVersion: ${version}
kubeVersion: ">=${supportedKubernetes.oldest}.0-0"
keywords: [square, oauth, secrets, operator]
annotations:
  artifacthub.io/license: ${license}
`;
}

/** `--name=value` for each setting that has a value. */
function settingsTemplate(): string {
  const lines = taken.map(([property, { name }]) =>
    [
      `{{- if not (kindIs "invalid" .Values.settings.${property}) }}`,
      `- {{ printf "--${name}=%v" .Values.settings.${property} | quote }}`,
      '{{- end }}',
    ].join('\n'),
  );
  return `{{- /* ${from('src/config.ts')} */ -}}
{{- define "square-operator.settings" -}}
${lines.join('\n')}
{{- end -}}
`;
}

/** The paths of the values that may not be null, one a line. */
const neededTemplate = (): string => `{{- /* ${from('tools/generate/values-schema.ts')} */ -}}
{{- define "square-operator.needed" -}}
${neededValues.join('\n')}
{{- end -}}
`;

/** The rules of each role, each under the sentence that says why. */
function rulesTemplate(): string {
  const parts: Readonly<Record<string, readonly permissions.Permission[]>> = {
    watched: permissions.watchedPermissions,
    cluster: permissions.clusterPermissions,
    'watched-namespace': permissions.watchedNamespacePermissions,
    own: permissions.ownNamespacePermissions,
    'sealing-key-reader': permissions.publicPermissions,
    'rollout-restart': permissions.rolloutRestartPermissions,
    'staff-pages': permissions.staffPagePermissions,
  };
  const defined = Object.entries(parts).map(
    ([name, rules]) => `{{- define "square-operator.rules.${name}" -}}\n${rulesText(rules)}{{- end -}}\n`,
  );
  return `{{- /* ${from('src/permissions.ts')} */ -}}\n${defined.join('')}`;
}

function rulesText(rules: readonly permissions.Permission[]): string {
  const document = new Document(
    rules.map((rule) => Object.fromEntries(Object.entries(rule).filter(([key]) => key !== 'why'))),
  );
  (document.contents as unknown as YAMLSeq<Node>).items.forEach((rule, index) => {
    rule.commentBefore = ` ${rules[index]?.why}`;
  });
  const text = document.toString({ lineWidth: 0 });
  if (text.includes('{{')) throw new Error('a rule would be taken for a template');
  return text;
}
