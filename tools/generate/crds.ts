import { stringify } from 'yaml';
import { category, definitions, type ResourceDefinition } from '../../src/api/crd.ts';
import { group, version } from '../../src/api/names.ts';
import { unobserved } from '../../src/api/status.ts';
import type { Artifact } from './artifact.ts';
import { type Structural, structural } from './structural.ts';

export interface CrdFiles {
  readonly annotations?: Readonly<Record<string, string>>;
  readonly folder: string;
}

/** One CustomResourceDefinition a file, made from the schemas of `src/api`. */
export const crds = (): Artifact[] => crdsWith({ folder: 'crds' });

/** The same in another folder, annotated. */
export function crdsWith({ annotations, folder }: CrdFiles): Artifact[] {
  return definitions.map((definition) => ({
    path: `${folder}/${definition.plural}.yaml`,
    text: [
      '# Generated from src/api by "npm run generate". Do not edit.',
      stringify(customResourceDefinition(definition, annotations), { lineWidth: 0, aliasDuplicateObjects: false }),
    ].join('\n'),
  }));
}

/** The definition as the API server takes it. */
export function customResourceDefinition(
  definition: ResourceDefinition,
  annotations?: Readonly<Record<string, string>>,
): object {
  const { kind, plural, singular, shortName } = definition;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: `${plural}.${group}`,
      labels: { 'app.kubernetes.io/name': 'square-operator' },
      ...(annotations && { annotations }),
    },
    spec: {
      group,
      names: { kind, listKind: `${kind}List`, plural, singular, shortNames: [shortName], categories: [category] },
      scope: 'Namespaced',
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: definition.columns,
          schema: { openAPIV3Schema: root(definition) },
        },
      ],
    },
  };
}

function root(definition: ResourceDefinition): Structural {
  return {
    type: 'object',
    description: definition.description,
    required: ['spec'],
    ...(definition.rules.length > 0 && { 'x-kubernetes-validations': definition.rules }),
    properties: {
      apiVersion: { type: 'string', description: `Always ${group}/${version}.` },
      kind: { type: 'string', description: `Always ${definition.kind}.` },
      metadata: { type: 'object' },
      spec: { ...structural(definition.spec, 'spec'), description: 'What is wanted.' },
      status: {
        ...structural(definition.status, 'status'),
        default: unobserved,
        description: 'What the operator found; only it writes here.',
        // One entry in `managedFields`, and not one for each field, which the API server would keep, compare and send.
        'x-kubernetes-map-type': 'atomic',
      },
    },
  };
}
