export type MetricType = 'counter' | 'gauge' | 'histogram';

/** One metric: what is registered, documented, and what alerts and dashboards are checked against. */
export interface MetricDefinition {
  readonly name: string;
  readonly type: MetricType;
  readonly help: string;
  readonly labels: readonly string[];
  /** Upper bounds of a histogram's buckets, in seconds. */
  readonly buckets?: readonly number[];
}

const connection = ['namespace', 'name', 'application', 'environment'] as const;
const exponential = (start: number, factor: number, count: number) =>
  Array.from({ length: count }, (_, i) => Number((start * factor ** i).toPrecision(12)));

const gauge = (name: string, help: string, labels: readonly string[] = []): MetricDefinition => ({
  name,
  type: 'gauge',
  help,
  labels,
});
const counter = (name: string, help: string, labels: readonly string[]): MetricDefinition => ({
  name,
  type: 'counter',
  help,
  labels,
});
const histogram = (name: string, help: string, labels: readonly string[], buckets: readonly number[]) =>
  ({ name, type: 'histogram', help, labels, buckets }) as const satisfies MetricDefinition;

/** Series of each connection, written out at scrape. Only the lease holder exports them. */
export const connectionMetrics = {
  tokenAge: gauge(
    'square_connection_token_age_seconds',
    "Age of the access token by Square's time. Absent without a token and for personal access tokens.",
    connection,
  ),
  tokenIssued: gauge(
    'square_connection_token_issued_timestamp_seconds',
    'When the access token was issued.',
    connection,
  ),
  tokenExpiration: gauge(
    'square_connection_token_expiration_timestamp_seconds',
    'When the access token expires. Absent when it never does.',
    connection,
  ),
  refreshTokenExpiration: gauge(
    'square_connection_refresh_token_expiration_timestamp_seconds',
    'When the refresh token expires. Absent when it never does.',
    connection,
  ),
  nextRefresh: gauge('square_connection_next_refresh_timestamp_seconds', 'When the next refresh is due.', connection),
  lastVerified: gauge(
    'square_connection_last_verified_timestamp_seconds',
    'When Square last accepted or refused the access token.',
    connection,
  ),
  suspended: gauge('square_connection_suspended', '1 while spec.suspend is true, and absent otherwise.', connection),
  condition: gauge('square_connection_status_condition', 'The current status of each condition, with value 1.', [
    ...connection,
    'type',
    'status',
  ]),
} as const;

/** What the operator's view says of all connections together. Only the lease holder exports them. */
export const viewMetrics = {
  sealedRecords: gauge('square_operator_sealed_records', 'Sealed records by the key that sealed them.', ['key_id']),
  sealingKeys: gauge('square_operator_sealing_keys', 'Sealing keys of the ring, active or retired, with value 1.', [
    'key_id',
    'state',
  ]),
  connections: gauge('square_operator_connections', 'Connections by the reason of their condition Ready.', [
    'application',
    'environment',
    'reason',
  ]),
  applicationCondition: gauge(
    'square_application_status_condition',
    'The current status and reason of each condition of an application, with value 1.',
    ['application', 'environment', 'type', 'status', 'reason'],
  ),
  retainedGrants: gauge('square_operator_retained_grants', 'Sealed grants whose connection is gone.'),
  budgetRate: gauge(
    'square_api_budget_requests_per_second',
    'Calls a second that an application may make now: its spec.rateLimit, less after a 429, 0 while Square wants none. Without an application: personal access tokens.',
    ['application', 'environment'],
  ),
  budgetWaiting: gauge('square_api_budget_waiting', 'Connections that wait for calls of their application.', [
    'application',
    'environment',
  ]),
} as const;

/** What every replica says of itself. */
export const ownMetrics = {
  watchLastEvent: gauge(
    'square_operator_watch_last_event_timestamp_seconds',
    'When the API server was last heard on a watch: an event, a bookmark or a finished list.',
    ['resource'],
  ),
  clockSkew: gauge(
    'square_api_clock_skew_seconds',
    "How far the local clock is ahead of Square's, as of Square's last answer.",
  ),
  keyInCluster: gauge(
    'square_operator_sealing_key_in_cluster',
    '1 when sealing keys lie unwrapped in Secrets of the cluster, so that a backup of etcd holds records and keys.',
  ),
  rotationInDoubt: gauge(
    'square_operator_rotation_in_doubt',
    'Token requests whose outcome is not safely stored: answers that wait to be stored or lie in the journal, and on the lease holder connections whose answer was lost.',
  ),
  leader: gauge('leader_election_master_status', '1 on the replica that holds the lease, 0 on the others.', ['name']),
  buildInfo: gauge('square_operator_build_info', 'The running version, with value 1.', ['version', 'node_version']),
  queueDepth: gauge('workqueue_depth', 'Keys that wait for a worker; none in a replica that does not lead.', ['name']),
  queueUnfinished: gauge('workqueue_unfinished_work_seconds', 'Sum of how long the work in hand has been going on.', [
    'name',
  ]),
  queueLongest: gauge(
    'workqueue_longest_running_processor_seconds',
    'How long the longest work in hand has been going on.',
    ['name'],
  ),
  activeWorkers: gauge('controller_runtime_active_workers', 'Reconciles under way.', ['controller']),
  cpuSeconds: counter('process_cpu_seconds_total', 'User and system CPU time spent, in seconds.', []),
  startTime: gauge('process_start_time_seconds', 'When the process started.'),
  residentMemory: gauge('process_resident_memory_bytes', 'Resident memory, in bytes.'),
  openFiles: gauge('process_open_fds', 'Open file descriptors. Absent where /proc is not there.'),
  heapUsed: gauge('nodejs_heap_size_used_bytes', 'JavaScript heap in use, in bytes.'),
  heapTotal: gauge('nodejs_heap_size_total_bytes', 'JavaScript heap reserved, in bytes.'),
  loopUtilization: gauge(
    'nodejs_eventloop_utilization',
    'Share of the time, since the process started, that the event loop was busy.',
  ),
} as const;

/** Counted as things happen. No label has the name of a connection. */
export const countedMetrics = {
  refresh: counter('square_connection_refresh_total', 'Refreshes by how they ended and why.', ['result', 'reason']),
  verify: counter('square_connection_verify_total', 'Verifications by how they ended and why.', ['result', 'reason']),
  revoke: counter(
    'square_connection_revoke_total',
    'Attempts to end an authorization at Square by how they ended and why; given_up: a connection was deleted and its authorization goes on.',
    ['result', 'reason'],
  ),
  webhooks: counter(
    'square_webhook_deliveries_total',
    'Webhooks of Square, and what claimed to be one, by what became of them: stored, duplicate, no_match (no connection of that seller), ignored (another type), unreadable, refused (no good signature), malformed, throttled, failed (Square sends it again).',
    ['result'],
  ),
  signIns: counter(
    'square_sign_ins_total',
    'Sign-ins of sellers: Begun, and how they ended. Connected; Waiting (to be stored); Denied, Expired, AlreadyUsed, OtherBrowser, OtherMerchant, CodeRefused (the seller begins again); SquareUnreachable, SquareRefused, ApplicationFault, NotStored (something has to be set right); or why none was possible: ConnectionGone, SpecInvalid, Suspended, PersonalAccessToken, ApplicationNotReady, GrantBlocked, TooManySignIns.',
    ['result'],
  ),
  apiRequests: counter(
    'square_api_requests_total',
    'Calls to Square by operation and HTTP status, or what went wrong when no answer came.',
    ['operation', 'code'],
  ),
  apiDuration: histogram(
    'square_api_request_duration_seconds',
    'How long calls to Square took.',
    ['operation'],
    [0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6],
  ),
  journalDuration: histogram(
    'square_operator_journal_write_duration_seconds',
    "From the arrival of Square's answer to its being on the disk of the journal.",
    [],
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
  ),
  reconciles: counter('controller_runtime_reconcile_total', 'Reconciles by how they ended.', ['controller', 'result']),
  reconcileErrors: counter('controller_runtime_reconcile_errors_total', 'Reconciles that failed.', ['controller']),
  reconcileTime: histogram(
    'controller_runtime_reconcile_time_seconds',
    'How long reconciles took.',
    ['controller'],
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
  ),
  queueAdds: counter('workqueue_adds_total', 'Keys added to the queue.', ['name']),
  queueRetries: counter('workqueue_retries_total', 'Keys put back for later.', ['name']),
  queueWait: histogram(
    'workqueue_queue_duration_seconds',
    'How long keys waited for a worker.',
    ['name'],
    exponential(1e-5, 10, 8),
  ),
  queueWork: histogram(
    'workqueue_work_duration_seconds',
    'How long the work on a key took.',
    ['name'],
    exponential(1e-5, 10, 8),
  ),
} as const;

/** Every metric there is. */
export const metricsTable: readonly MetricDefinition[] = [
  ...Object.values(connectionMetrics),
  ...Object.values(viewMetrics),
  ...Object.values(ownMetrics),
  ...Object.values(countedMetrics),
];
