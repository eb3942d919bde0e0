import type { Campaign } from './campaign.ts';
import { boundaryName } from './fault.ts';
import type { Outcome, Plan } from './run.ts';

export interface Figures {
  /** Requests of the recorded scenarios at which a process can die. */
  readonly boundaries: number;
  /** Boundaries times before, between and after. */
  readonly crashPoints: number;
  readonly crashPointsCovered: number;
  readonly runs: number;
  /** Faults of any kind that struck. */
  readonly faults: number;
  readonly tokensLost: number;
  readonly duplicateExchanges: number;
  readonly falseRevoked: number;
  readonly violations: number;
  /** Replies that the network lost, or that arrived at a dead process: what then had to be told, and was. */
  readonly answersLost: number;
  /** Processes killed between the arrival of a reply and its being on disk. */
  readonly killedInWindow: number;
  /** For how long any of these had had the reply, at most, milliseconds. */
  readonly longestInWindow?: number;
  /** Milliseconds from the arrival of a reply to its being on disk. */
  readonly window: { readonly measured: number; readonly p50?: number; readonly p99?: number };
}

export function figuresOf({ outcomes, plans }: Campaign): Figures {
  const sum = (count: (outcome: Outcome) => number) => outcomes.reduce((total, one) => total + count(one), 0);
  const crashes = plans.filter(isCrash);
  const windows = outcomes.flatMap((one) => one.windows).sort((a, b) => a - b);
  const quantile = (q: number) => windows[Math.min(windows.length - 1, Math.floor(windows.length * q))];
  const inWindow = outcomes.flatMap(({ killedInWindow }) => killedInWindow ?? []);
  const [p50, p99] = [quantile(0.5), quantile(0.99)];
  return {
    boundaries: new Set(crashes.map(pointOf)).size,
    crashPoints: crashes.length,
    crashPointsCovered: new Set(outcomes.filter(({ plan, struck }) => struck && isCrash(plan)).map(({ plan }) => plan))
      .size,
    runs: outcomes.length,
    faults: outcomes.filter(({ struck }) => struck).length,
    tokensLost: sum((one) => one.tokensLost),
    duplicateExchanges: sum((one) => one.duplicateExchanges),
    falseRevoked: sum((one) => one.falseRevoked),
    violations: sum((one) => (one.violations.length > 0 ? 1 : 0)),
    answersLost: sum((one) => (one.answerLost ? 1 : 0)),
    killedInWindow: inWindow.length,
    ...(inWindow.length === 0 ? {} : { longestInWindow: Math.max(...inWindow) }),
    window: {
      measured: windows.length,
      ...(p50 === undefined ? {} : { p50 }),
      ...(p99 === undefined ? {} : { p99 }),
    },
  };
}

const isCrash = ({ strike }: Plan): boolean => strike?.fault.kind === 'kill';
const pointOf = ({ scenario, strike }: Plan): string =>
  strike === undefined ? scenario.name : `${scenario.name} ${boundaryName(strike.boundary)}`;

/** The figures as lines for people. */
export function figureLines(figures: Figures, statesExplored: number | undefined): string[] {
  const { window } = figures;
  const ms = (value: number | undefined) => (value === undefined ? 'not measured' : `${value.toFixed(1)} ms`);
  const rows: [string, string][] = [
    [
      'crash points covered',
      `${figures.crashPointsCovered} of ${figures.crashPoints} (${figures.boundaries} requests × before, between, after)`,
    ],
    ['runs', `${figures.runs}, ${figures.faults} of them with a fault`],
    ['tokens lost', String(figures.tokensLost)],
    ['duplicate exchanges', String(figures.duplicateExchanges)],
    ['false Revoked', String(figures.falseRevoked)],
    ['runs with a violation', String(figures.violations)],
    ['replies that never reached the operator, and were told', String(figures.answersLost)],
    [
      'processes killed between a reply and its fsync',
      figures.killedInWindow === 0
        ? '0'
        : `${figures.killedInWindow}, ${ms(figures.longestInWindow)} after the reply at the latest`,
    ],
    ['window between reply and fsync', `p50 ${ms(window.p50)}, p99 ${ms(window.p99)} (${window.measured} measured)`],
    ['states explored by the model checker', statesExplored === undefined ? 'not run' : String(statesExplored)],
  ];
  const width = Math.max(...rows.map(([what]) => what.length));
  return rows.map(([what, value]) => `${what.padEnd(width)}  ${value}`);
}
