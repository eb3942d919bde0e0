import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { Artifact } from './artifact.ts';

const folder = 'deploy/argocd';
const lua = (name: string) => readFileSync(join(import.meta.dirname, '../..', folder, `${name}.lua`), 'utf8');
const actions = ['refresh', 'connect', 'disconnect', 'adopt', 'suspend', 'resume'];

/** The Lua scripts beside it as Argo CD takes them: a patch of its ConfigMap (Argo CD, "Resource Health", "Resource Actions"). */
export function argocdConfigMap(): Artifact[] {
  const customization = (what: string, kind: string) => `resource.customizations.${what}.square-operator.dev_${kind}`;
  const requests = {
    'discovery.lua': lua('actions-discovery'),
    definitions: actions.map((name) => ({ name, 'action.lua': lua(`action-${name}`) })),
  };
  const object = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'argocd-cm', namespace: 'argocd', labels: { 'app.kubernetes.io/part-of': 'argocd' } },
    data: {
      [customization('health', 'SquareConnection')]: lua('health-connection'),
      [customization('health', 'SquareApplication')]: lua('health-application'),
      [customization('actions', 'SquareConnection')]: stringify(requests, { lineWidth: 0 }),
    },
  };
  const head = `# Made from the Lua scripts of this folder by "npm run generate". Do not edit.\n# kubectl patch configmap argocd-cm -n argocd --patch-file ${folder}/argocd-cm.yaml\n`;
  return [{ path: `${folder}/argocd-cm.yaml`, text: head + stringify(object, { lineWidth: 0 }) }];
}
