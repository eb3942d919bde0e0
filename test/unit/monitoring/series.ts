/** Series as promtool's tests take them, by their text: what is exported at every scrape, from the first on. */
export type SeriesOf = Readonly<Record<string, string>>;

/** A scrape every five minutes. `scrapes` stands for as many as a scenario takes. */
export const interval = '5m';
export const scrapesIn = (hours: number) => 12 * hours + 1;

const always = (value: number) => `${value}+0xscrapes`;

const text = (name: string, labels: Readonly<Record<string, string>>) =>
  `${name}{${Object.entries(labels)
    .map(([label, value]) => `${label}="${value}"`)
    .join(', ')}}`;

export const days = (count: number) => count * 86_400;

export interface ConnectionLooks {
  readonly name?: string;
  readonly application?: string;
  readonly environment?: string;
  /** Seconds. */
  readonly age?: number;
  readonly lifetime?: number;
  /** Seconds until the next refresh. */
  readonly nextIn?: number;
  /** Seconds until the refresh token ends. */
  readonly refreshTokenLeft?: number;
  readonly suspended?: boolean;
  /** What differs from a healthy one. */
  readonly conditions?: Readonly<Record<string, string>>;
}

const healthy = {
  Ready: 'True',
  Valid: 'True',
  Expired: 'False',
  Revoked: 'False',
  Renewable: 'True',
  Published: 'True',
  ScopesSatisfied: 'True',
};

/** The series of one connection; as a person would find it in a good week unless told otherwise. */
export function connection(looks: ConnectionLooks = {}): SeriesOf {
  const { name = 'bakery', application = 'shop/pos', environment = 'Production' } = looks;
  const { age = days(2), lifetime = days(30), nextIn = days(4) } = looks;
  const labels = { namespace: 'shop', name, application, environment, job: 'operator', instance: 'a' };
  const issued = days(20_000);
  const value = (metric: string, of: number) => ({ [text(`square_connection_${metric}`, labels)]: always(of) });
  const conditions = Object.entries({ ...healthy, ...looks.conditions }).map(([type, status]) => [
    text('square_connection_status_condition', { ...labels, type, status }),
    always(1),
  ]);
  return {
    ...value('token_age_seconds', age),
    ...value('token_issued_timestamp_seconds', issued),
    ...value('token_expiration_timestamp_seconds', issued + lifetime),
    ...value('next_refresh_timestamp_seconds', issued + age + nextIn),
    ...(looks.refreshTokenLeft === undefined
      ? {}
      : value('refresh_token_expiration_timestamp_seconds', issued + age + looks.refreshTokenLeft)),
    ...(looks.suspended === true ? value('suspended', 1) : {}),
    ...Object.fromEntries(conditions),
  };
}

/** So many connections that look the same. */
export function connections(count: number, looks: ConnectionLooks = {}): SeriesOf {
  const prefix = looks.name ?? 'c';
  const all = Array.from({ length: count }, (_, i) => connection({ ...looks, name: `${prefix}${i}` }));
  return Object.assign({}, ...all) as SeriesOf;
}

export const application = (reason: string, status: 'True' | 'False'): SeriesOf => ({
  [text('square_application_status_condition', {
    application: 'shop/pos',
    environment: 'Production',
    type: 'Ready',
    status,
    reason,
  })]: always(1),
});

/** Two replicas of the operator, one of which leads, with everything in order. */
export const operator: SeriesOf = Object.assign(
  {
    [text('leader_election_master_status', { name: 'square-operator', job: 'operator', instance: 'a' })]: always(1),
    [text('leader_election_master_status', { name: 'square-operator', job: 'operator', instance: 'b' })]: always(0),
    // Another program's, which must not count.
    [text('leader_election_master_status', { name: 'other', job: 'other', instance: 'c' })]: always(1),
    [text('workqueue_longest_running_processor_seconds', { name: 'q', job: 'other', instance: 'c' })]: always(9_999),
    [text('process_start_time_seconds', { job: 'other', instance: 'c' })]: '0+300xscrapes',
  },
  ...['a', 'b'].map((instance) => {
    const own = { job: 'operator', instance };
    return {
      [text('process_start_time_seconds', own)]: always(days(20_000)),
      [text('square_operator_build_info', own)]: always(1),
      [text('workqueue_longest_running_processor_seconds', { ...own, name: 'connection' })]: always(0),
      [text('square_operator_watch_last_event_timestamp_seconds', { ...own, resource: 'secrets' })]: '0+300xscrapes',
      [text('square_operator_rotation_in_doubt', own)]: always(0),
      [text('square_api_clock_skew_seconds', own)]: always(0.2),
      [text('square_operator_sealing_key_in_cluster', own)]: always(0),
      [text('controller_runtime_reconcile_errors_total', { ...own, controller: 'connection' })]: always(3),
    };
  }),
) as SeriesOf;

/** Series by name and labels; where there is one of the kind already it is replaced. */
export const series = (name: string, labels: Readonly<Record<string, string>>, value: number | string): SeriesOf => ({
  [text(name, labels)]: typeof value === 'number' ? always(value) : value,
});

/** The same without those whose text has this in it. */
export const without = (all: SeriesOf, part: string): SeriesOf =>
  Object.fromEntries(Object.entries(all).filter(([key]) => !key.includes(part)));

/** The same, scraped as `when` says: so often each. */
export const scraped = (all: SeriesOf, ...when: readonly (readonly ['there' | 'absent', times: number])[]): SeriesOf =>
  Object.fromEntries(
    Object.entries(all).map(([key, value]) => [
      key,
      when
        .map(([what, times]) => (what === 'there' ? value.replace('xscrapes', `x${times - 1}`) : `_x${times}`))
        .join(' '),
    ]),
  );

/** The same, scraped from the process of another replica. */
export const fromReplica = (all: SeriesOf, instance: string): SeriesOf =>
  Object.fromEntries(
    Object.entries(all).map(([key, value]) => [key.replace('instance="a"', `instance="${instance}"`), value]),
  );
