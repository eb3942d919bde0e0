import { leaseName } from '../../src/api/names.ts';
import { countedMetrics, ownMetrics, viewMetrics } from '../../src/observability/metrics-table.ts';
import type { Alert } from './alert.ts';
import {
  applicationsThat,
  faultyApplications,
  hours,
  lines,
  nested,
  ofTheOperator,
  outage,
  refreshOverdue,
} from './promql.ts';

/** Of what many connections share. */
export const sharedAlerts: readonly Alert[] = [
  {
    name: 'SquareUnreachable',
    severity: 'critical',
    for: '5m',
    expression: outage,
    summary:
      'Square ({{ $labels.environment }}) cannot be asked: {{ $value | humanizePercentage }} of the connections are unverified',
    description:
      'For two verifications in a row Square gave no usable answer about most connections. Tokens and Secrets stay as they are and go on working; none can be renewed until it is over. What single connections suffer by it is not told besides.',
    remedy: 'kubectl square status -A',
  },
  {
    name: 'SquareApplicationFault',
    severity: 'critical',
    for: '10m',
    expression: faultyApplications,
    summary: 'Square application {{ $labels.application }} cannot be used: {{ $labels.reason }}',
    description:
      'No connection of the application can be renewed, and no seller can sign in, until it is mended. Tokens go on working until they end. RefreshTokensRefused: only refresh tokens given before the fault are held back; newer ones are renewed, and sellers can sign in.',
    remedy:
      'kubectl describe squareapplication -n {{ reReplaceAll "/.*" "" $labels.application }} {{ reReplaceAll ".*/" "" $labels.application }}',
  },
  {
    name: 'SquareApplicationRateLimited',
    severity: 'warning',
    for: '1h',
    expression: applicationsThat('reason="RateLimited"'),
    summary: 'Square limits the calls of application {{ $labels.application }} for an hour',
    description: 'Calls are slowed down, and refreshes and verifications may come late.',
    remedy:
      'kubectl describe squareapplication -n {{ reReplaceAll "/.*" "" $labels.application }} {{ reReplaceAll ".*/" "" $labels.application }}',
  },
  {
    name: 'SquareAuthorizationsNearLimit',
    severity: 'warning',
    for: '1h',
    expression: applicationsThat('reason="AuthorizationsNearLimit"'),
    summary: 'Few more sellers can authorize Square application {{ $labels.application }}',
    description: 'Nine tenths of the authorizations that Square allows are taken. New sellers will be refused.',
    remedy:
      'kubectl describe squareapplication -n {{ reReplaceAll "/.*" "" $labels.application }} {{ reReplaceAll ".*/" "" $labels.application }}',
  },
];

const holdsLease = `${ownMetrics.leader.name}{name="${leaseName}"}`;
/** Where the scrape names the namespace of its target, which is where an installation lies. */
const installed = `${ownMetrics.leader.name}{name="${leaseName}", namespace!=""}`;
const givenUp = `${countedMetrics.revoke.name}{result="given_up"}`;
const operatorsLog = 'kubectl logs -n square-operator deployment/square-operator --all-pods --tail=200';

/** Of the operator itself. */
export const operatorAlerts: readonly Alert[] = [
  {
    name: 'SquareOperatorAbsent',
    severity: 'critical',
    for: '10m',
    // Of several installations one that has gone leaves nothing to compare with but what it was; of all, nothing at all.
    expression: lines(
      `group by (namespace) (last_over_time(${installed}[1d]))`,
      `  unless on (namespace) (${holdsLease} == 1)`,
      `or on () absent(${holdsLease} == 1)`,
    ),
    summary:
      'No replica of square-operator holds the lease{{ if $labels.namespace }} in namespace {{ $labels.namespace }}{{ end }}',
    description:
      'Nothing is renewed, and no other alert about connections can fire. Tokens go on working until they end, so there are days, not minutes.',
    // Written out, since the chart puts its namespace in the place of "-n square-operator".
    remedy:
      'kubectl get pods,lease {{ if $labels.namespace }}-n {{ $labels.namespace }}{{ else }}-n square-operator{{ end }}',
  },
  {
    name: 'SquareOperatorDeaf',
    severity: 'critical',
    for: '5m',
    expression: `time() - ${ownMetrics.watchLastEvent.name} > 300`,
    summary:
      'square-operator has not heard of the API server about {{ $labels.resource }} for {{ $value | humanizeDuration }}',
    description: 'What changes in the cluster is not seen, and nothing is decided on old news.',
    remedy: operatorsLog,
  },
  {
    name: 'SquareOperatorStuck',
    severity: 'critical',
    for: '5m',
    expression: `(${nested(ofTheOperator(ownMetrics.queueLongest.name))}) > 300`,
    summary: 'A piece of work of square-operator has been going on for {{ $value | humanizeDuration }}',
    description:
      'Every call of the operator is bounded in time, so this should not be. The label name says which queue.',
    remedy: operatorsLog,
  },
  {
    name: 'SquareOperatorRestarting',
    severity: 'critical',
    for: '5m',
    // A process that is down at this moment counts, too.
    expression: lines(
      'max(',
      `  changes(${ownMetrics.startTime.name}[1h])`,
      '  * on (job, instance) group_left ()',
      `    max by (job, instance) (max_over_time(${ownMetrics.buildInfo.name}[1h]))`,
      ') > 2',
    ),
    summary: 'A replica of square-operator was started again {{ $value }} times within an hour',
    description:
      'Each time it begins anew, so renewals come late, and alerts about connections may never have waited long enough to fire.',
    remedy: 'kubectl describe pods -n square-operator',
  },
  {
    name: 'SquareRefreshesOverdue',
    severity: 'critical',
    for: '15m',
    expression: `count by (application, environment) (${refreshOverdue} > ${hours(1)})`,
    summary: '{{ $value }} refreshes of {{ $labels.application }} are overdue by more than an hour',
    description: 'They are due, and were neither made nor put off. The operator is stalled, or slower than its fleet.',
    remedy: 'kubectl square list -A --due',
  },
  {
    name: 'SquareOperatorErrors',
    severity: 'warning',
    for: '30m',
    expression: `sum by (controller) (${nested(ofTheOperator(`rate(${countedMetrics.reconcileErrors.name}[15m])`))}) > 0`,
    summary: 'Passes of square-operator fail ({{ $labels.controller }})',
    description: 'A pass fails when the API server refuses what the operator has to write. It is tried again.',
    remedy: operatorsLog,
  },
  {
    name: 'SquareRotationInDoubt',
    severity: 'critical',
    for: '10m',
    expression: `sum(${ownMetrics.rotationInDoubt.name}) > 0`,
    summary: 'Of {{ $value }} token requests the outcome is not safely stored',
    description:
      'Square may have replaced single-use refresh tokens. Where its answer waits to be stored (GrantNotStored, sign-ins, the journal), do not end the operator before it is; where the answer was lost (RotationInDoubt, RotationOutcomeLost), the operator may be ended.',
    remedy: 'kubectl square doctor',
  },
  {
    name: 'SquareClockSkew',
    severity: 'warning',
    for: '15m',
    expression: `abs(${ownMetrics.clockSkew.name}) > 300`,
    summary: 'The clock of {{ $labels.instance }} is {{ $value | humanizeDuration }} off Square’s',
    description:
      'The operator reckons by Square’s time, so tokens are safe; certificates and others on that node may not be.',
    remedy: 'kubectl get pods -n square-operator -o wide',
  },
  {
    name: 'SquareSealingKeyMissing',
    severity: 'critical',
    for: '5m',
    expression: lines(
      `sum by (key_id) (${viewMetrics.sealedRecords.name}) > 0`,
      `unless on (key_id) ${viewMetrics.sealingKeys.name}`,
    ),
    summary: '{{ $value }} sealed records need the key {{ $labels.key_id }}, which is gone',
    description:
      'Their connections cannot be renewed. Bring the key back from its backup; without it their sellers have to sign in again.',
    remedy: 'kubectl get secrets -n square-operator -l square-operator.dev/sealing-key',
  },
  {
    name: 'SquareSealingKeyStillNeeded',
    severity: 'warning',
    for: '1d',
    expression: lines(
      `sum by (key_id) (${viewMetrics.sealedRecords.name}) > 0`,
      `and on (key_id) ${viewMetrics.sealingKeys.name}{state="Retired"}`,
    ),
    summary: 'The retired sealing key {{ $labels.key_id }} is still needed by {{ $value }} records',
    description:
      'Records move to the active key by themselves within minutes, and these did not for a day. Do not remove the key.',
    remedy: 'kubectl square keys --operator-namespace square-operator',
  },
  {
    name: 'SquareSealingKeysInCluster',
    severity: 'info',
    for: '1h',
    expression: `max(${ownMetrics.keyInCluster.name}) == 1`,
    summary: 'The sealing keys of square-operator lie unwrapped in Secrets of the cluster',
    description:
      'A backup of etcd holds the sealed grants and the keys to them. It is the default; keep such backups as you keep the tokens, or give the keys by --sealing-key-dir.',
    remedy: 'kubectl get secrets -n square-operator -l square-operator.dev/sealing-key',
  },
  {
    name: 'SquareRevocationGivenUp',
    severity: 'warning',
    for: '0s',
    // For a day, so that who comes in the morning sees it. What a process counted before it was first scraped is no
    // increase, and it counts although that process has ended; and the counters of one that ended do not hide what its
    // successor counts. A pause of the scrapes a day ago makes nothing new.
    expression: lines(
      'round(sum(',
      `  (max_over_time(${givenUp}[1d]) unless last_over_time(${givenUp}[1h] offset 1d))`,
      `  or increase(${givenUp}[1d])`,
      ')) > 0',
    ),
    summary: 'The authorizations of {{ $value }} connections that were deleted within a day go on at Square',
    description:
      'They were deleted under deletionPolicy: Revoke, and Square could not be had to end them (RevokeGivenUp) or does not end them without the application secret (RevokeUnsupported). The log of the operator names them, and so do the events in its namespace while the cluster keeps them.',
    remedy:
      "kubectl logs -n square-operator deployment/square-operator --all-pods --since=26h --tail=-1 | grep -E 'RevokeGivenUp|RevokeUnsupported'",
  },
  {
    name: 'SquareWebhooksRefused',
    severity: 'warning',
    for: '15m',
    expression: `sum by (result) (rate(${countedMetrics.webhooks.name}{result=~"refused|failed"}[15m])) > 0`,
    summary: 'Webhooks of Square are not taken: {{ $labels.result }}',
    description:
      'Revocations are then noticed at the next verification, up to an hour later. refused: no good signature; failed: not stored.',
    remedy: operatorsLog,
  },
];
