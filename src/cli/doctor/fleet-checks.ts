import type { Condition } from '../../api/connection.ts';
import { days, minutes, parseInstant } from '../../clock.ts';
import type { KubeObject } from '../../kube/resource.ts';
import { needOf, topicOf, urgency } from '../need.ts';
import { applicationMeaningOf, conditionOf, meaningOf, type Seen } from '../seen.ts';
import { span } from '../when.ts';
import { type Check, type Found, fail, ok, type Patient, skip, some, warn } from './finding.ts';
import { samplesOf } from './samples.ts';

/** The applications and connections. */

const readyOf = (object: KubeObject): Condition | undefined =>
  (object['status'] as { conditions?: readonly Condition[] } | undefined)?.conditions?.find(
    ({ type }) => type === 'Ready',
  );

const keyOf = ({ metadata }: KubeObject): string => `${metadata.namespace}/${metadata.name}`;

export const applications: Check = {
  name: 'Applications',
  look({ applications: all, unread }) {
    if (all === undefined) return [skip(`not to be read: ${unread.applications ?? ''}`)];
    if (all.length === 0) return [warn('there is none', 'Create a SquareApplication: README, "Install in a cluster".')];
    const found = all.flatMap((one): Found[] => {
      const ready = readyOf(one);
      if (ready === undefined) {
        return [
          fail(
            `${keyOf(one)}: the operator has not looked at it`,
            'See whether the operator runs and watches its namespace.',
          ),
        ];
      }
      const remedy =
        applicationMeaningOf(ready.reason).remedy ||
        `See why: kubectl describe sqapp ${one.metadata.name} -n ${one.metadata.namespace}.`;
      const says = `${keyOf(one)}: ${ready.reason}: ${ready.message}`;
      if (ready.status !== 'True') return [fail(says, remedy)];
      return ready.reason === 'Ready' ? [] : [warn(says, remedy)];
    });
    return found.length === 0 ? [ok(`${all.length} of ${all.length} ready`)] : found;
  },
};

export const connections: Check = {
  name: 'Connections',
  look({ connections: all, unread }) {
    if (all === undefined) return [skip(`not to be read: ${unread.connections ?? ''}`)];
    if (all.length === 0) return [ok('there is none')];
    return urgency.flatMap((need): Found[] => {
      const of = all.filter((one) => needOf(one) === need);
      if (need === 'No') return of.length === all.length ? [ok(`none of ${all.length} needs anybody`)] : [];
      return [...Map.groupBy(of, topicOf)].map(([topic, those]) => {
        const { means, remedy } = meaningOf(topic);
        const says = `${those.length} of ${all.length} ${topic}: ${some(those.map(({ key }) => key))}. ${means}`;
        return (need === 'Now' ? fail : warn)(says.trim(), remedy || 'See kubectl square status NAME.');
      });
    });
  },
};

const soon = days(2);

export const expiring: Check = {
  name: 'Tokens about to end',
  look({ connections: all, time }) {
    if (all === undefined) return [skip('connections are not to be read')];
    const ending = all.filter(({ status, spec }) => {
      const ends = parseInstant(status.accessTokenExpiresAt ?? '');
      return (
        ends !== undefined &&
        ends > time.now &&
        ends - time.now < soon &&
        spec.shortLived !== true &&
        spec.suspend !== true
      );
    });
    if (ending.length === 0) return [ok('none ends within 2 days')];
    return [
      fail(
        `${ending.length} of ${all.length} within 2 days: ${some(ending.map(({ key }) => key))}`,
        'See why they are not renewed: kubectl square status NAME, condition Renewable.',
      ),
    ];
  },
};

/** A deletion takes so long at most where Square answers. */
const deletionLimit = minutes(10);

export const finalizers: Check = {
  name: 'Deletions',
  look({ connections: all, time }) {
    if (all === undefined) return [skip('connections are not to be read')];
    const stuck = all.flatMap((one) => {
      const since = parseInstant(one.object.metadata.deletionTimestamp ?? '');
      return since === undefined || time.now - since < deletionLimit ? [] : [`${one.key} (${span(time.now - since)})`];
    });
    if (stuck.length === 0) return [ok('none is stuck')];
    return [
      fail(
        `${stuck.length} not done: ${some(stuck)}`,
        'See what keeps the authorization from being ended at Square: kubectl square status NAME. To let the connection go without, set spec.deletionPolicy to Retain.',
      ),
    ];
  },
};

const doubtful: ReadonlySet<string> = new Set(['RotationInDoubt', 'RotationOutcomeLost', 'GrantNotStored']);

/** What the replica that leads counts, and none of the connections that are looked at tells of. */
function untold(count: number, namespace: string | undefined): Found[] {
  if (count <= 0) return [];
  if (namespace !== undefined) {
    const says = `${count} that are not in this namespace are in doubt or wait to be stored, as the operator counts`;
    return [warn(says, 'Look at all namespaces: kubectl square doctor without -n.')];
  }
  return [
    warn(
      `${count} answers of Square wait to be stored: sign-ins or journal entries`,
      'See the log of each replica, and do not end the operator before they are stored.',
    ),
  ];
}

export const rotations: Check = {
  name: 'Rotations',
  look({ connections: all, metrics, namespace }: Patient) {
    if (all === undefined) return [skip('connections are not to be read')];
    const inDoubt = all.filter((one) => doubtful.has(conditionOf(one, 'Renewable')?.reason ?? ''));
    const counted = samplesOf(metrics ?? '', 'square_operator_rotation_in_doubt').reduce(
      (sum, { value }) => sum + value,
      0,
    );
    if (inDoubt.length === 0 && counted === 0) return [ok('none is in doubt')];
    const told = [...Map.groupBy(inDoubt, (one: Seen) => conditionOf(one, 'Renewable')?.reason ?? '')];
    return told
      .map(([reason, of]) => {
        const { means, remedy } = meaningOf(reason);
        return (reason === 'RotationInDoubt' ? warn : fail)(
          `${of.length} ${reason}: ${some(of.map(({ key }) => key))}. ${means}`,
          remedy ||
            'It is tried once more by itself, within a day or so: see Renewable in kubectl square status NAME. The operator may be ended meanwhile.',
        );
      })
      .concat(untold(counted - inDoubt.length, namespace));
  },
};
