import { z } from 'zod';
import { applicationDefinition, connectionDefinition, type ResourceDefinition } from '../../api/crd.ts';
import { group, version } from '../../api/names.ts';
import { minutes, seconds } from '../../clock.ts';
import { KubeError } from '../../kube/client.ts';
import { supportedKubernetes, supportOf } from '../../supported.ts';
import { definitionsApart, howToInstall } from '../installing.ts';
import { span } from '../when.ts';
import { type Check, type Found, fail, isNotInstalled, ok, skip, some, warn } from './finding.ts';

/** The API server, this machine's clock, and the definitions of the resources. */

export const apiServer: Check = {
  name: 'API server',
  async look({ cluster }) {
    const begun = cluster.clock.monotonic();
    const { body } = await cluster.client.requestRaw('GET', '/version');
    const { gitVersion = 'of an unknown version' } = body as { gitVersion?: string };
    const took = Math.round(cluster.clock.monotonic() - begun);
    const says = `${cluster.server} is Kubernetes ${gitVersion} and answers in ${took} ms`;
    const { oldest, newest } = supportedKubernetes;
    const support = supportOf(gitVersion);
    if (support === 'Older') {
      return [fail(`${says}; the operator needs ${oldest} or newer`, 'Upgrade the control plane.')];
    }
    if (support === 'Newer') {
      const remedy = 'See whether there is a later version of the operator.';
      return [warn(`${says}; this version was tested up to ${newest}`, remedy)];
    }
    return [ok(says)];
  },
};

/** Below this a difference is told and harms nothing: requests carry the API server's time. */
const noticeable = seconds(30);

export const localClock: Check = {
  name: 'Clock of this machine',
  look({ time: { ahead } }) {
    if (ahead === undefined) return [skip('the API server did not tell its time')];
    const by = `${span(Math.abs(ahead))} ${ahead > 0 ? 'ahead of' : 'behind'} the API server’s`;
    if (Math.abs(ahead) < noticeable) return [ok('agrees with the API server’s')];
    const remedy =
      'Set this clock (NTP). Requests carry the API server’s time, so they act all the same; ages and due times are shown wrong.';
    return [Math.abs(ahead) > minutes(5) ? fail(by, remedy) : warn(by, remedy)];
  },
};

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
}

const anew = `Upgrade the chart to the version that runs, which brings them; or, ${definitionsApart}.`;

export const definitions: Check = {
  name: 'Definitions',
  async look(patient) {
    const { client } = patient.cluster;
    let document: { components?: { schemas?: Readonly<Record<string, Schema>> } };
    try {
      document = (await client.requestRaw('GET', `/openapi/v3/apis/${group}/${version}`)).body as typeof document;
    } catch (error) {
      if (!(error instanceof KubeError) || error.status !== 404) throw error;
      const says = `the API server does not serve ${group}/${version}`;
      return [
        isNotInstalled(patient) ? fail(`no operator is installed here: ${says}`, howToInstall) : fail(says, anew),
      ];
    }
    const schemas = Object.entries(document.components?.schemas ?? {});
    return [connectionDefinition, applicationDefinition].map((definition): Found => {
      const served = schemas.find(([name]) => name.endsWith(`.${definition.kind}`))?.[1];
      if (served === undefined) return fail(`${definition.plural}.${group} is not served`, anew);
      const missing = missingFields(definition, served);
      if (missing.length === 0) return ok(`${definition.plural} ${version} has every field that this version knows`);
      const says = `${definition.plural} ${version} lacks ${some(missing)}: what is written there is dropped`;
      return fail(says, anew);
    });
  },
};

/** The paths of what the schemas of this version have and the served definition does not. */
export function missingFields(definition: Pick<ResourceDefinition, 'spec' | 'status'>, served: Schema): string[] {
  return (['spec', 'status'] as const).flatMap((part) => lacking(definition[part], served.properties?.[part], part));
}

function lacking(wanted: unknown, served: Schema | undefined, path: string): string[] {
  if (served === undefined) return [path];
  if (wanted instanceof z.ZodOptional) return lacking(wanted.unwrap(), served, path);
  if (wanted instanceof z.ZodArray) return lacking(wanted.element, served.items ?? {}, `${path}[]`);
  if (!(wanted instanceof z.ZodObject)) return [];
  return Object.entries(wanted.shape).flatMap(([name, member]) =>
    lacking(member, served.properties?.[name], `${path}.${name}`),
  );
}
