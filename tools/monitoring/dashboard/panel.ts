/** What a panel asks Prometheus for. */
export interface Query {
  readonly expression: string;
  /** What a series is called: `{{reason}}`. */
  readonly legend?: string;
}

/** Grafana's names of units. Of seconds it makes weeks; tokens are spoken of in days. */
export type Unit = 'short' | 's' | 'suffix: d' | 'percentunit' | 'ops' | 'bytes' | 'none';

export type Color = 'green' | 'orange' | 'red' | 'text';

/** The colour from that value on; the first is that of all below too. */
export type Steps = readonly (readonly [from: number, color: Color])[];

/** A panel before it has its place. `says` is its description. */
export interface Panel {
  readonly title: string;
  readonly says?: string;
  readonly kind: 'stat' | 'timeseries' | 'table' | 'state-timeline';
  /** Of 24 columns. */
  readonly width: number;
  readonly unit: Unit;
  readonly queries: readonly Query[];
  /** Without it no value is good or bad. */
  readonly steps?: Steps;
  /** What values are called. */
  readonly called?: Readonly<Record<number, readonly [text: string, color: Color]>>;
  /** What is written where there is no series. */
  readonly none?: string;
  /** The heading of a table's values, from the highest down. */
  readonly value?: string;
  /** The column that a table of labels is sorted by. */
  readonly sortBy?: string;
  /** Areas on top of each other, the uppermost of which is the sum. */
  readonly stacked?: boolean;
  /** A graph's axis begins at 0, unless values may lie below. */
  readonly below?: boolean;
}

/** A heading and the panels under it. */
export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

type Wish = Partial<Omit<Panel, 'title' | 'kind' | 'queries'>>;

/** Green until these values, then orange, then red. */
export const rising = (orange: number, red: number): Steps => [
  [0, 'green'],
  [orange, 'orange'],
  [red, 'red'],
];

/** Red until these values, then orange, then green. */
export const falling = (orange: number, green: number): Steps => [
  [Number.NEGATIVE_INFINITY, 'red'],
  [orange, 'orange'],
  [green, 'green'],
];

/** One number. */
export const stat = (title: string, expression: string, wish: Wish = {}): Panel => ({
  title,
  kind: 'stat',
  width: 3,
  unit: 'short',
  ...wish,
  queries: [{ expression }],
});

/** Lines over time. */
export const graph = (title: string, queries: readonly Query[], wish: Wish = {}): Panel => ({
  title,
  kind: 'timeseries',
  width: 8,
  unit: 'short',
  ...wish,
  queries,
});

/** The series of now, one a line, with their labels as columns. */
export const list = (title: string, expression: string, wish: Wish = {}): Panel => ({
  title,
  kind: 'table',
  width: 12,
  unit: 'none',
  ...wish,
  queries: [{ expression }],
});

/** What was so when. */
export const timeline = (title: string, queries: readonly Query[], wish: Wish = {}): Panel => ({
  title,
  kind: 'state-timeline',
  width: 24,
  unit: 'none',
  ...wish,
  queries,
});
