import { formatInstant, hours, type Instant } from '../../clock.ts';
import { type Cluster, inCluster } from '../cluster.ts';
import type { Exit } from '../exit.ts';
import { type Budget, budgetsOf } from '../expected.ts';
import { type Forecast, forecast, horizon, hourOf, peakOf } from '../forecast.ts';
import { allNamespacesOption, type Output, outputOption, type Selecting, selectorOption } from '../options.ts';
import { isForPeople, print } from '../print.ts';
import type { Screen } from '../screen.ts';
import { all, tellMissing } from '../select.ts';
import { table } from '../table.ts';
import { type Call, verb } from '../verb.ts';

interface Options extends Selecting {
  readonly output: Output;
}

export const plan = verb<Options>({
  name: 'plan',
  says: 'Forecast the calls to Square for the coming 7 days.',
  explains:
    'Counts the calls to Square that the connections will cause in each of the coming 168 hours, for each application: refreshes from status.nextRefreshTime on (two calls each: the token, and its proof; three where spec.scopes limits the token), verifications in their slots of spec.verifyInterval. Requests, failures and new sellers come on top. The picture has a row for each day and a letter for each hour, by UTC.',
  options: [allNamespacesOption, selectorOption, outputOption('table', 'json', 'yaml')],
  examples: [
    { says: 'For all applications', command: 'kubectl square plan -A' },
    { says: 'Only for connections with a label', command: 'kubectl square plan -l tier=gold -A' },
    {
      says: 'The busiest hour, for a script',
      command: "kubectl square plan -A -o json | jq '[.applications[].peak.calls] | max'",
    },
  ],
  run: (call) => inCluster(call.options, call.clock, (cluster) => show(call, cluster)),
});

async function show({ options, screen, clock }: Call<Options>, cluster: Cluster): Promise<Exit> {
  const found = await all(cluster, options);
  const exit = tellMissing(cluster, { found, missing: [] }, options, screen.note);
  const now = clock.wall();
  const forecasts = forecast(found, now);
  const budgets = await budgetsOf(cluster, new Set(forecasts.map(({ application }) => application)));
  if (!isForPeople(options.output)) {
    await print(screen, options.output, forScripts(forecasts, budgets, now));
  } else if (found.length > 0) {
    screen.out(summary(screen, forecasts, budgets, now));
    for (const one of forecasts) screen.out(`\n${picture(screen, one, now)}`);
  }
  return exit;
}

const nameOf = ({ application }: Forecast): string => (application === '' ? 'personal access tokens' : application);
const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

/** `32 %` of what the budget lets through in the busiest hour. */
function share(one: Forecast, budget: Budget | undefined, now: Instant): number {
  return budget === undefined ? 0 : peakOf(one, now).calls / (budget.requestsPerSecond * 3_600);
}

const percent = (part: number): string => (part > 0 && part < 0.01 ? '<1 %' : `${Math.round(part * 100)} %`);

function summary(
  screen: Screen,
  forecasts: readonly Forecast[],
  budgets: ReadonlyMap<string, Budget>,
  now: Instant,
): string {
  const right = (title: string) => ({ title, align: 'right' }) as const;
  const columns = [
    { title: 'APPLICATION', least: 12 },
    right('CONNECTIONS'),
    right('REFRESHES'),
    right('CALLS'),
    right('PER HOUR'),
    right('PEAK'),
    right('OF BUDGET'),
  ];
  const rows = forecasts.map((one) => {
    const calls = sum(one.calls);
    const used = share(one, budgets.get(one.application), now);
    const cells = [one.connections, sum(one.refreshes), calls, Math.round(calls / horizon), peakOf(one, now).calls];
    return [
      { text: nameOf(one) },
      ...cells.map((cell) => ({ text: String(cell) })),
      { text: percent(used), tone: used > 0.8 ? ('bad' as const) : used > 0.5 ? ('warn' as const) : ('good' as const) },
    ];
  });
  return table(screen, columns, rows);
}

const heights = '▁▂▃▄▅▆▇█';

/** A letter for each hour: a dot for none, and the higher the more; the highest is the busiest hour of all. */
export function bar(calls: readonly number[], most: number): string {
  return calls
    .map((count) =>
      count === 0 ? '·' : heights[Math.min(heights.length - 1, Math.floor((count / most) * heights.length))],
    )
    .join('');
}

/** A row for each day of UTC, with the hours of the day from left to right. */
export function picture(screen: Screen, one: Forecast, now: Instant): string {
  const peak = peakOf(one, now);
  const first = new Date(hourOf(now)).getUTCHours();
  const heading = `${nameOf(one)}: at most ${peak.calls} calls an hour (${peak.at})`;
  const rows = Array.from({ length: Math.ceil((first + horizon) / 24) }, (_, day) => {
    const [from, to] = [Math.max(0, day * 24 - first), (day + 1) * 24 - first];
    const hoursOfDay = one.calls.slice(from, to);
    const date = formatInstant(hourOf(now) + hours(from)).slice(5, 10);
    const lead = ' '.repeat(day === 0 ? first : 0);
    const drawn = `${lead}${bar(hoursOfDay, peak.calls)}`.padEnd(24);
    return `${date}   ${drawn}   ${String(sum(hoursOfDay)).padStart(7)} calls, ${sum(one.refreshes.slice(from, to))} refreshes`;
  });
  return [screen.paint('strong', heading), screen.paint('dim', '        0     6     12    18'), ...rows].join('\n');
}

function forScripts(forecasts: readonly Forecast[], budgets: ReadonlyMap<string, Budget>, now: Instant): object {
  return {
    from: formatInstant(hourOf(now)),
    applications: forecasts.map((one) => ({
      application: one.application,
      connections: one.connections,
      budget: budgets.get(one.application),
      peak: peakOf(one, now),
      hours: one.calls.map((calls, hour) => ({
        from: formatInstant(hourOf(now) + hours(hour)),
        refreshes: one.refreshes[hour],
        verifications: one.verifications[hour],
        calls,
      })),
    })),
  };
}
