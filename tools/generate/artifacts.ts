import { answersReference } from './answers-reference.ts';
import { apiReference } from './api-reference.ts';
import type { Artifact } from './artifact.ts';
import { crds } from './crds.ts';
import { pluginReference } from './plugin-reference.ts';
import { rbacManifest } from './rbac.ts';
import { conditionsReference, metricsReference, settingsReference } from './references.ts';
import { webAssets } from './web-assets.ts';

/** Everything that is generated, each from its one source. */
export function artifacts(): Artifact[] {
  return [
    ...crds(),
    ...rbacManifest(),
    ...apiReference(),
    ...settingsReference(),
    ...conditionsReference(),
    ...metricsReference(),
    ...answersReference(),
    ...pluginReference(),
    ...webAssets(),
  ];
}

/** Folders that hold generated files and nothing else. */
export const generatedFolders = ['crds', 'docs/reference'] as const;
