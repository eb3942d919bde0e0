import { annotations } from '../src/api/names.ts';
import type { Duration } from '../src/clock.ts';
import * as names from './names.ts';
import type { Outcome } from './play.ts';
import type { Screen } from './screen.ts';
import type { Sight } from './sight.ts';
import type { Stage } from './stage.ts';
import type { Step } from './story.ts';
import { type Cell, type Column, head, type Paint, row, widths } from './table.ts';

/** Where things are and, when they stay (`stays`), how to look and to play. Indented command lines can be pasted into a shell. */
export function intro(stage: Stage, screen: Screen, stays: boolean): string {
  const { strong, mild } = screen.paints;
  return [
    '',
    strong('Where things are'),
    `  Kubernetes  ${stage.kubeconfig}`,
    `  Operator    process group ${stage.operator.pid}, log ${stage.operator.logFile}`,
    `  Metrics     ${stage.operator.metricsURL}`,
    `  Web pages   ${stage.webURL}/connections`,
    `  Square      ${stage.square.url} ${mild('(a simulator with a clock of its own)')}`,
    '',
    ...(stays ? invitation(stage, strong) : []),
    strong(`The life of the connection ${names.connection}, as seen through the Kubernetes API`),
    mild('(REV is the generation of its grant: one more with every new token)'),
    '',
  ].join('\n');
}

function invitation(stage: Stage, strong: Paint): string[] {
  const ns = names.namespace;
  const seller = JSON.stringify({ clientID: names.clientID, merchantID: names.merchantID, scopes: names.scopes });
  return [
    `${strong('Look for yourself')}, in another terminal`,
    `  export KUBECONFIG=${stage.kubeconfig}`,
    '  kubectl get sqc -A -o wide',
    `  kubectl get square,secrets,events -n ${ns}`,
    `  kubectl wait --for=condition=Valid sqc/${names.connection} -n ${ns}`,
    `  kubectl describe sqc ${names.connection} -n ${ns}`,
    '  kubectl explain sqc.spec',
    '',
    `${strong('In a browser')}: sign in on the web pages with what this prints …`,
    `  kubectl create token ${names.staffAccount} -n ${ns} --audience square-operator`,
    `… and be a seller: on the page of ${names.webConnection}, make a link, open it, sign in as The Florist`,
    `  ${stage.webURL}/connections/${ns}/${names.webConnection}`,
    '',
    `${strong('Play Square')}, after the story: end the seller's authorization …`,
    `  export SQUARE=${stage.square.url}/_simulator`,
    `  export SELLER='${seller}'`,
    `  curl $SQUARE/disconnect -d "$SELLER"`,
    '… ask for a new token, so that it is noticed before the next verification …',
    `  kubectl annotate sqc/${names.connection} -n ${ns} --overwrite ${annotations.refreshRequestedAt}=$(date -u +%FT%TZ)`,
    '… and heal it: the seller signs in again, the new refresh token is supplied',
    `  TOKEN=$(curl -s $SQUARE/grant -d "$SELLER" | node -p '${tokenIn}')`,
    `  kubectl patch secret ${names.credentialSecret} -n ${ns} -p "${newToken}"`,
    '',
  ];
}

/** For `node -p`: it is there wherever the demo runs. */
const tokenIn = 'JSON.parse(fs.readFileSync(0)).refreshToken.value';
const newToken = '{\\"stringData\\":{\\"refresh-token\\":\\"$TOKEN\\"}}';

const secondsOf = (took: Duration): string => (took / 1_000).toFixed(1);
const roomy = 119;

/** What the connection's status says, for the last columns. */
function stateOf(sight: Sight): { ready: string; reason: string; revision: string } {
  const ready = sight.condition('Ready');
  return {
    ready: ready?.status ?? '',
    reason: ready?.reason ?? '',
    revision: sight.status.revision === undefined ? '' : String(sight.status.revision),
  };
}

/** The story while it goes on: a row for each step. On a narrow screen a row has two lines and no titles. */
export interface Live {
  readonly titles: string | undefined;
  row(number: number, outcome: Outcome): string;
  /** A row that belongs to no step: something changed. */
  note(what: string, seen: string, sight: Sight): string;
}

export function createLive(screen: Screen): Live {
  const { good, bad, mild } = screen.paints;
  const width = screen.width();
  const paintReady = ({ ready }: { ready: string }): Paint => (ready === 'True' ? good : bad);
  const [does = 0, seen = 0] = widths(Math.min(width, roomy), 39, 8, [36, 30]);
  const columns: readonly Column[] = [
    { title: '', width: 1 },
    { title: '#', width: 2, align: 'right' },
    { title: 'WHAT HAPPENS', width: does },
    { title: 'WHAT IS SEEN', width: seen },
    { title: 'READY', width: 5 },
    { title: 'STATUS', width: 24 },
    { title: 'REV', width: 3, align: 'right' },
    { title: 'SECS', width: 4, align: 'right' },
  ];
  const wide = (mark: Cell, number: string, did: string, saw: string, sight: Sight, took: string): string => {
    const { ready, reason, revision } = stateOf(sight);
    const last = [{ text: reason }, { text: revision }, { text: took, paint: mild }];
    const first = [mark, { text: number }, { text: did }, { text: saw }];
    return row(columns, [...first, { text: ready, paint: paintReady({ ready }) }, ...last]);
  };
  const narrow = (mark: Cell, number: string, did: string, saw: string, sight: Sight, took: string): string => {
    const { ready, reason, revision } = stateOf(sight);
    const state = ready === '' ? '' : `Ready=${ready} ${reason}${revision === '' ? '' : ` rev ${revision}`}`;
    const right = 'right' as const;
    const first = [{ width: 1 }, { width: 2, align: right }, { width: width - 16 }, { width: 7, align: right }];
    const second = [{ width: 5 }, { width: 31 }, { width: width - 40 }];
    const titled = (all: readonly Omit<Column, 'title'>[]) => all.map((one) => ({ title: '', ...one }));
    const cells = [{ text: '' }, { text: saw }, { text: state, paint: paintReady({ ready }) }];
    const time = { text: took === '' ? '' : `${took} s`, paint: mild };
    return `${row(titled(first), [mark, { text: number }, { text: did }, time])}\n${row(titled(second), cells)}`;
  };
  const line = width >= roomy ? wide : narrow;
  return {
    titles: width >= roomy ? head(columns, mild) : undefined,
    row(number, { step, seen, took, sight }) {
      const mark = seen === undefined ? { text: '✗', paint: bad } : { text: '✓', paint: good };
      return line(mark, String(number), step.does, seen ?? 'it was not seen', sight, secondsOf(took));
    },
    note: (what, seen, sight) => line({ text: '·', paint: mild }, '', what, seen, sight, ''),
  };
}

/** The table at the end: every step with what was expected and what was seen. */
export function resultTable(story: readonly Step[], outcomes: readonly Outcome[], screen: Screen): string {
  const { good, bad, mild } = screen.paints;
  const [does = 0, expects = 0, seen = 0] = widths(Math.min(screen.width(), roomy), 9, 6, [36, 36, 31]);
  const columns: readonly Column[] = [
    { title: '', width: 1 },
    { title: '#', width: 2, align: 'right' },
    { title: 'STEP', width: does },
    { title: 'EXPECTED', width: expects },
    { title: 'SEEN', width: seen },
    { title: 'SECS', width: 4, align: 'right' },
  ];
  const rows = story.map((step, i) => {
    const outcome = outcomes[i];
    const passed = outcome?.seen !== undefined;
    return row(columns, [
      { text: passed ? '✓' : '✗', paint: passed ? good : bad },
      { text: String(i + 1) },
      { text: step.does },
      { text: step.expects },
      { text: outcome === undefined ? 'not reached' : (outcome.seen ?? 'it was not seen') },
      { text: outcome === undefined ? '' : secondsOf(outcome.took), paint: mild },
    ]);
  });
  return [head(columns, mild), ...rows].join('\n');
}
