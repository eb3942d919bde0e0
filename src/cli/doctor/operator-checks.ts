import { minutes, parseInstant, seconds } from '../../clock.ts';
import { KubeError } from '../../kube/client.ts';
import { specOf } from '../../kube/lease-record.ts';
import { howToInstall } from '../installing.ts';
import { embeddedWarning, keysReport } from '../verbs/keys.ts';
import { relative, span } from '../when.ts';
import { type Check, type Found, fail, ok, skip, warn } from './finding.ts';
import { samplesOf } from './samples.ts';

/** The operator: who acts, how many stand by, its keys, and what it says of itself. */

export const lease: Check = {
  name: 'Lease',
  look({ lease: found, unread, time, operatorNamespace }) {
    const remedy = `See its log: kubectl -n ${operatorNamespace} logs deployment/square-operator`;
    if (found === undefined) {
      if (unread.lease !== undefined) return [skip(`not to be read: ${unread.lease}`)];
      return [
        fail(
          `no lease in ${operatorNamespace}: no operator has ever run there`,
          `${howToInstall} If it runs elsewhere, write --operator-namespace.`,
        ),
      ];
    }
    const { holderIdentity = '', renewTime = '', leaseDurationSeconds = 15 } = specOf(found);
    if (holderIdentity === '') return [fail('nobody holds it: no operator acts', remedy)];
    const renewed = parseInstant(renewTime);
    const limit = seconds(2 * leaseDurationSeconds);
    if (renewed === undefined || time.now - renewed > limit) {
      const since = renewed === undefined ? 'never' : relative(renewed, time.now);
      return [fail(`${holderIdentity} holds it and renewed it ${since}: no operator acts`, remedy)];
    }
    return [ok(`${holderIdentity} holds it, renewed ${relative(renewed, time.now)}`)];
  },
};

interface DeploymentStatus {
  readonly spec?: { readonly replicas?: number };
  readonly status?: { readonly availableReplicas?: number };
}

export const replicas: Check = {
  name: 'Replicas',
  look({ deployment, unread, operatorNamespace }) {
    if (deployment === undefined) {
      return [
        skip(
          unread.deployment === undefined
            ? `no Deployment of the operator in ${operatorNamespace}`
            : `not to be read: ${unread.deployment}`,
        ),
      ];
    }
    const { spec, status } = deployment as DeploymentStatus;
    const [wanted, there] = [spec?.replicas ?? 1, status?.availableReplicas ?? 0];
    const describe = `kubectl -n ${operatorNamespace} describe deployment ${deployment.metadata.name}`;
    if (there === 0) return [fail(`none of ${wanted} is available`, `See why: ${describe}`)];
    if (there < wanted) return [warn(`${there} of ${wanted} are available`, `See why: ${describe}`)];
    if (wanted < 2)
      return [
        warn(
          'only one: while it moves, nothing is refreshed and no seller can sign in',
          'Run two: kubectl scale --replicas=2',
        ),
      ];
    return [ok(`${there} of ${wanted} are available`)];
  },
};

export const sealingKeys: Check = {
  name: 'Sealing keys',
  async look({ cluster, operatorNamespace }): Promise<Found[]> {
    const report = await keysReport(cluster, operatorNamespace);
    const remedy = 'See "kubectl square keys" and docs/sealing-keys.md.';
    const wrong = report.findings.map((finding) => fail(finding, remedy));
    const where =
      report.where === 'cluster'
        ? warn('keys lie in the cluster, beside what they seal', `${embeddedWarning} docs/sealing-keys.md tells how.`)
        : ok('no key lies in the cluster');
    if (wrong.length > 0) return [...wrong, where];
    const ring =
      report.where === 'cluster' ? `${report.keys.map(({ id, state }) => `${id} (${state})`).join(', ')}; ` : '';
    return [ok(`${ring}published for sealing: ${report.publishedID}`), where];
  },
};

/** More than this is what lifetimes must not depend on. */
const skewLimit = minutes(5);

export const clockOfOperator: Check = {
  name: 'Clock of the operator',
  look({ metrics, unread }) {
    if (metrics === undefined) return [skip(unread.metrics ?? 'no metrics')];
    const skews = samplesOf(metrics, 'square_api_clock_skew_seconds').map(({ value }) => seconds(value));
    if (skews.length === 0) return [skip('Square has not told its time to it yet')];
    const worst = skews.reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a));
    const by = `${span(Math.abs(worst))} ${worst > 0 ? 'ahead of' : 'behind'} Square’s`;
    if (Math.abs(worst) <= skewLimit) return [ok(Math.abs(worst) < seconds(5) ? 'agrees with Square’s' : by)];
    return [
      fail(
        by,
        'Set the clock of the node (NTP). Tokens are judged by Square’s time all the same; TLS and request times suffer.',
      ),
    ];
  },
};

export const squareAsSeen: Check = {
  name: 'Square, as the operator sees it',
  look({ metrics, unread, connections }): Found[] {
    const found: Found[] = [];
    const unverified = (connections ?? []).filter(({ status }) => isUnverified(status.conditions)).length;
    const network =
      'Look at Square’s status page (issquareup.com), and at the operator’s way out: DNS, proxy, network policy.';
    if (connections !== undefined && connections.length > 0) {
      found.push(
        unverified === 0
          ? ok('no connection waits for it to answer')
          : (unverified * 2 > connections.length ? fail : warn)(
              `${unverified} of ${connections.length} connections cannot be verified`,
              network,
            ),
      );
    }
    if (metrics === undefined) return found.length > 0 ? found : [skip(unread.metrics ?? 'no metrics')];
    const calls = samplesOf(metrics, 'square_api_requests_total');
    const total = calls.reduce((sum, { value }) => sum + value, 0);
    const failed = calls
      .filter(({ labels }) => !/^[1-4]\d\d$/.test(labels['code'] ?? ''))
      .reduce((sum, { value }) => sum + value, 0);
    const throttled = calls.filter(({ labels }) => labels['code'] === '429').reduce((sum, { value }) => sum + value, 0);
    if (total === 0) return [...found, skip('it has not called Square since its start')];
    const says = `of ${total} calls since its start ${failed} had no answer or a 5xx, ${throttled} a 429`;
    return [
      ...found,
      failed * 2 > total
        ? fail(says, network)
        : throttled * 10 > total
          ? warn(says, 'Lower spec.rateLimit of the application, and look for others that use its ID.')
          : ok(says),
    ];
  },
};

const isUnverified = (conditions: readonly { type: string; status: string; reason: string }[] = []): boolean =>
  conditions.some(
    ({ type, status, reason }) =>
      type === 'Valid' && status === 'Unknown' && reason !== 'Unproven' && reason !== 'NoToken',
  );

/** The operator's metrics do not answer where they were said to be. */
export class Unanswered extends Error {}

/** The API server's answer to being asked for what is not there, or may not be seen. */
export const notSeen = (error: unknown): string => {
  if (error instanceof Unanswered) return error.message;
  if (!(error instanceof KubeError)) throw error;
  return error.status === 403 ? 'you have not the right' : error.message;
};
