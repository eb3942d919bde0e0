/** What a panel asks Prometheus for. */
export interface Query {
  readonly expression: string;
  /** What a series is called: `{{reason}}`. */
  readonly legend?: string;
}

/** Grafana's names of units. */
export type Unit = 'short' | 's' | 'percentunit' | 'ops' | 'bytes' | 'dateTimeFromNow' | 'none';

/** A panel before it has its place. `says` is its description. */
export interface Panel {
  readonly title: string;
  readonly says?: string;
  readonly kind: 'stat' | 'timeseries' | 'table' | 'state-timeline';
  /** Of 24 columns. */
  readonly width: number;
  readonly unit: Unit;
  readonly queries: readonly Query[];
  /** From these values on it is shown in orange, and in red. */
  readonly bounds?: readonly [orange: number, red: number];
}

/** A heading and the panels under it. */
export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

type Wish = Partial<Omit<Panel, 'title' | 'kind' | 'queries'>>;

/** One number. */
export const stat = (title: string, expression: string, wish: Wish = {}): Panel => ({
  title,
  kind: 'stat',
  width: 4,
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
