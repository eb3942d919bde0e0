import type { Report } from '../../test/cluster/provider.ts';
import { findHelm, lacksHelm } from '../programs/helm.ts';
import { answersReference } from './answers-reference.ts';
import { apiReference } from './api-reference.ts';
import { argocdConfigMap } from './argocd.ts';
import type { Artifact } from './artifact.ts';
import { chartSources } from './chart.ts';
import { crds } from './crds.ts';
import { dependenciesReference } from './dependencies.ts';
import { deployManifests } from './deploy.ts';
import { alertRules, grafanaDashboard, runbookIndex } from './monitoring.ts';
import { pluginReference } from './plugin-reference.ts';
import { conditionsReference, metricsReference, settingsReference } from './references.ts';
import { webAssets } from './web-assets.ts';

/** Everything that is generated, each from its one source, except what is made from the chart. */
export function artifacts(): Artifact[] {
  return [
    ...crds(),
    ...chartSources(),
    ...argocdConfigMap(),
    ...apiReference(),
    ...settingsReference(),
    ...conditionsReference(),
    ...metricsReference(),
    ...answersReference(),
    ...pluginReference(),
    ...alertRules(),
    ...grafanaDashboard(),
    ...runbookIndex(),
    ...webAssets(),
    ...dependenciesReference(),
  ];
}

/** What is made from the chart as it lies on the disk, by Helm; or what this machine lacks for it. */
export async function artifactsOfChart(report: Report): Promise<Artifact[] | { readonly lacks: string }> {
  const lacks = lacksHelm();
  return lacks === undefined ? deployManifests(await findHelm(report)) : { lacks };
}

/** Folders that hold generated files and nothing else. */
export const generatedFolders = [
  'crds',
  'charts/square-operator/files/crds',
  'docs/reference',
  'deploy/base',
  'deploy/namespaced',
  'deploy/rollout-restart',
  'deploy/rollout-restart-namespaced',
  'deploy/web',
] as const;

/** Those of them that are made from the chart. */
export const ofTheChart = (folder: string): boolean => folder.startsWith('deploy/');
