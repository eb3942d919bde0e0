import type { Scenario } from './scenarios.ts';
import { fromReplica, type SeriesOf, scraped, series } from './series.ts';

/** What takes days, of a scrape and an evaluation every half hour: promtool would take minutes for more. */
export const seldom = '30m';
const hour = 2;
const day = 24 * hour;

/** The one series of a connection that the rules read here. */
const is = (type: 'Expired' | 'Revoked', name: string): SeriesOf =>
  series(
    'square_connection_status_condition',
    {
      namespace: 'shop',
      name,
      application: 'shop/pos',
      environment: 'Production',
      instance: 'a',
      type,
      status: 'True',
    },
    1,
  );
const together = (all: readonly SeriesOf[]) => Object.assign({}, ...all) as SeriesOf;

const many = '{alertname="SquareConnectionRevokedForMany"}';
const single = (name: string) => `{alertname="SquareConnectionRevoked", name="${name}"}`;
const singles = (names: readonly string[]) => names.map(single);
const numbered = (prefix: string, count: number) => Array.from({ length: count }, (_, i) => `${prefix}${i}`);

/** A connection that is revoked from that scrape on, or as long as that. */
const leaves = (name: string, at: number, long = 20 * day): SeriesOf =>
  scraped(is('Revoked', name), ['absent', at], ['there', long]);
const each = (names: readonly string[], at: (i: number) => number, long?: number): SeriesOf =>
  together(names.map((name, i) => leaves(name, at(i), long)));

const churned = numbered('old', 11);
/** Eleven sellers who left within two days, none of them with another one. */
const left = (i: number) => hour + i * 5 * hour;
const slowLoss = each(churned, left);

const lostToSquare = '{alertname="SquareRevocationGivenUp"}';
const givenUp = (instance: string, values: number | string) =>
  series('square_connection_revoke_total', { job: 'operator', instance, result: 'given_up', reason: 'x' }, values);

const struck = numbered('c', 50);

export const overDays: readonly Scenario[] = [
  {
    title: 'eleven sellers who have left one by one are eleven alerts, and a twelfth is one more',
    hours: 84,
    series: { ...slowLoss, ...leaves('twelfth', 83 * hour) },
    firing: singles([...churned, 'twelfth']),
  },
  {
    title: 'fifty who are struck at once are one page, and those who had left before stay with theirs',
    hours: 84,
    series: { ...slowLoss, ...each(struck, () => 83 * hour) },
    firing: [...singles(churned), many],
  },
  {
    title: 'fifty who are struck within hours, as verifications find it, are one page',
    hours: 26,
    series: each(struck, (i) => day - 3 * hour + Math.floor(i / 8)),
    firing: [many],
  },
  {
    title: 'of fifty who were struck all are one page days later, too, and who leaves then is told alone',
    hours: 60,
    series: { ...each(struck, () => 6 * hour), ...leaves('later', 59 * hour) },
    firing: [many, single('later')],
  },
  {
    title: 'others who are struck days later are told with them',
    hours: 60,
    series: { ...each(struck, () => 6 * hour), ...each(numbered('more', 20), () => 59 * hour) },
    firing: [many],
  },
  {
    title: 'of fifty who were struck ten are left, and are told one by one',
    hours: 60,
    series: {
      ...each(struck.slice(0, 10), () => 6 * hour),
      ...each(struck.slice(10), () => 6 * hour, 30 * hour),
    },
    firing: singles(struck.slice(0, 10)),
  },
  {
    title: 'that they were struck at once is known after hours without the operator, and from another replica',
    hours: 60,
    series: {
      ...each(struck, () => hour, 2 * day - hour),
      ...fromReplica(
        each(struck, () => 2 * day + 8 * hour),
        'b',
      ),
    },
    firing: [many],
  },
  ...[67, 86].map((hours) => ({
    title: `those who left one by one are no new ones after hours without the operator, nor a day later: ${hours} h`,
    hours,
    series: {
      ...together(churned.map((name, i) => leaves(name, left(i), 60 * hour - left(i)))),
      ...fromReplica(
        each(churned, () => 64 * hour),
        'b',
      ),
    },
    firing: singles(churned),
  })),
  {
    title: 'tokens whose renewal fails end within a week, and are one page',
    hours: 8 * 24,
    series: together(
      numbered('c', 30).map((name, i) =>
        scraped(is('Expired', name), ['absent', day + Math.floor((i * 7 * day) / 32)], ['there', 20 * day]),
      ),
    ),
    firing: ['{alertname="SquareTokenExpiredForMany"}'],
  },
  ...(
    [
      [
        'half an hour ago',
        2,
        [
          ['absent', 3],
          ['there', 99],
        ],
        true,
      ],
      [
        'twenty hours ago',
        26,
        [
          ['absent', 6 * hour],
          ['there', 99],
        ],
        true,
      ],
      [
        'more than a day ago',
        28,
        [
          ['absent', 3 * hour],
          ['there', 99],
        ],
        false,
      ],
      [
        'more than a day ago, and the scrapes paused a day ago',
        28,
        [
          ['there', 7],
          ['absent', 1],
          ['there', 99],
        ],
        false,
      ],
      [
        'before its process ended',
        12,
        [
          ['absent', 3],
          ['there', 2],
        ],
        true,
      ],
      [
        'more than a day before its process ended',
        36,
        [
          ['absent', 3],
          ['there', 60],
        ],
        false,
      ],
    ] as const
  ).map(
    ([when, hours, scrapes, told]): Scenario => ({
      title: `a revocation was given up ${when}`,
      hours,
      series: scraped(givenUp('a', 1), ...scrapes),
      firing: told ? [lostToSquare] : [],
    }),
  ),
  {
    title: 'a revocation is given up after the process that had given up others was started again',
    hours: 30,
    series: givenUp('a', '3+0x50 0+0x3 1+0x9'),
    firing: [lostToSquare],
  },
  {
    title: 'a revocation is given up after the replica that had given up others has gone',
    hours: 30,
    series: { ...givenUp('a', '3+0x4'), ...givenUp('b', '_x50 1+0x12') },
    firing: [lostToSquare],
  },
];
