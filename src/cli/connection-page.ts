import type { Condition } from '../api/connection.ts';
import type { Instant } from '../clock.ts';
import { printable } from './control-characters.ts';
import type { Told } from './events.ts';
import { toneOf } from './need.ts';
import type { Screen, Tone } from './screen.ts';
import { conditionOf, isBad, meaningOf, remediesOf, type Seen, stateOf } from './seen.ts';
import { type Cell, facts, table, wrap } from './table.ts';
import { age, fully } from './when.ts';

type Fact = readonly [name: string, ...texts: Cell[]];

/** Everything about one connection, the most urgent first: for the person on call. */
export function connectionPage(screen: Screen, seen: Seen, told: Told, now: Instant): string {
  const title = screen.paint('strong', `SquareConnection ${seen.key}`);
  const parts = [
    [
      title,
      facts(screen, [...aboutState(seen, now), ...aboutSeller(seen), ...aboutToken(seen, now), ...aboutSecrets(seen)]),
    ],
    [screen.paint('strong', 'Conditions'), conditionLines(screen, seen, now)],
    [screen.paint('strong', 'Events'), eventLines(screen, told, now)],
  ];
  return parts.map((part) => part.join('\n')).join('\n\n');
}

const plain = (text: string): Cell => ({ text });

function aboutState(seen: Seen, now: Instant): Fact[] {
  const ready = conditionOf(seen, 'Ready');
  const state = stateOf(seen);
  if (ready === undefined) {
    const since = fully(seen.object.metadata.creationTimestamp, now);
    return [
      ['State', { text: 'not seen by the operator yet', tone: 'warn' }],
      ['Since', plain(`${since}, its creation`)],
      ['Do', plain(meaningOf(state).remedy)],
    ];
  }
  const remedies = remediesOf(seen);
  const { status, object } = seen;
  const stale = (status.observedGeneration ?? 0) < (object.metadata.generation ?? 0);
  return [
    ['State', { text: `${state} (Ready ${ready.status})`, tone: toneOf(seen) }],
    ['Since', plain(fully(ready.lastTransitionTime, now))],
    ['Message', plain(ready.message === '' ? meaningOf(state).means : ready.message)],
    ...(remedies.length === 0 ? [] : [['Do', ...remedies.map(plain)] as const]),
    ...(stale
      ? [
          [
            'Note',
            { text: 'The spec was changed since; the operator has not looked at it yet.', tone: 'warn' },
          ] as const,
        ]
      : []),
    ...(object.metadata.deletionTimestamp === undefined
      ? []
      : [['Deleted', { text: fully(object.metadata.deletionTimestamp, now), tone: 'warn' }] as const]),
    ...failureFacts(seen, now),
  ];
}

function failureFacts({ status }: Seen, now: Instant): Fact[] {
  const failures = [...(status.lastFailure === undefined ? [] : [status.lastFailure]), ...(status.otherFailures ?? [])];
  return failures.map((one) => [
    'Last failure',
    plain(`${one.operation} ${one.reason}, ${fully(one.time, now)}`),
    ...(one.count > 1 ? [plain(`${one.count} in a row since ${fully(one.since, now)}`)] : []),
    plain(one.message),
    ...(one.retryAt === undefined ? [] : [plain(`Square may be asked again ${fully(one.retryAt, now)}`)]),
  ]);
}

function aboutSeller({ spec, status, namespace }: Seen): Fact[] {
  const { merchantName = '', merchantID } = status;
  const seller = merchantID === undefined ? '-' : merchantName === '' ? merchantID : `${merchantName} (${merchantID})`;
  const ref = spec.applicationRef;
  const application =
    ref === undefined ? `none (${spec.environment ?? '-'})` : `${ref.namespace ?? namespace}/${ref.name}`;
  const granted = status.scopes ?? [];
  const missing = (status.requestedScopes ?? []).filter((scope) => !granted.includes(scope));
  return [
    ['Seller', plain(seller), ...(spec.merchantID === undefined ? [] : [plain(`pinned to ${spec.merchantID}`)])],
    ['Application', plain(application)],
    ['Permissions', plain(granted.length === 0 ? 'not known yet' : granted.join(' '))],
    ...(missing.length === 0 || granted.length === 0
      ? []
      : [['Missing', { text: missing.join(' '), tone: 'bad' }] as const]),
  ];
}

function aboutToken({ status, spec }: Seen, now: Instant): Fact[] {
  const { accessTokenIssuedAt: issued, accessTokenExpiresAt: ends, refreshTokenExpiresAt: renewableUntil } = status;
  if (issued === undefined) return [['Access token', plain('none')]];
  const personal = spec.credential?.personalAccessToken !== undefined && ends === undefined;
  const next = status.nextRefreshTime;
  return [
    [
      'Access token',
      plain(`issued ${fully(issued, now)}`),
      plain(ends === undefined ? 'never expires' : `expires ${fully(ends, now)}`),
    ],
    ...(renewableUntil === undefined ? [] : [['Refresh token', plain(`ends ${fully(renewableUntil, now)}`)] as const]),
    [
      'Next refresh',
      plain(next === undefined ? (personal ? 'never: a personal access token' : 'no date') : fully(next, now)),
    ],
    [
      'Verified',
      plain(status.lastVerifyTime === undefined ? 'not yet' : `${fully(status.lastVerifyTime, now)} or later`),
    ],
  ];
}

function aboutSecrets({ status, spec }: Seen): Fact[] {
  const { secretName, sealedSecretName, sealingKeyID, revision, authorizeURL } = status;
  const sealed = [
    sealedSecretName ?? '-',
    ...(sealingKeyID === undefined ? [] : [`key ${sealingKeyID}`]),
    ...(revision === undefined ? [] : [`revision ${revision}`]),
  ];
  return [
    ['Secret', plain(secretName ?? '-')],
    ['Sealed grant', plain(sealed.join(', '))],
    ['Deletion', plain(spec.deletionPolicy ?? 'Retain')],
    ...(authorizeURL === undefined ? [] : [['Page', plain(authorizeURL)] as const]),
  ];
}

/** All in a table, and below it what those say that are not as they should be. */
function conditionLines(screen: Screen, { status }: Seen, now: Instant): string {
  const all = status.conditions ?? [];
  if (all.length === 0) return 'none';
  const titles = ['TYPE', 'STATUS', 'REASON', 'SINCE'].map((title) => ({ title }));
  const rows = all.map((one) => {
    const tone = toneOfCondition(one);
    const text: Cell = { text: one.status, ...(tone !== undefined && { tone }) };
    return [plain(one.type), text, plain(one.reason), plain(age(one.lastTransitionTime, now))];
  });
  const told = new Set([conditionMessage(all, 'Ready')]);
  const open = all.filter((one) => {
    const isNew = toneOfCondition(one) !== undefined && one.message !== '' && !told.has(one.message);
    told.add(one.message);
    return isNew;
  });
  const messages = facts(
    screen,
    open.map(({ type, message }) => [type, plain(message)]),
  );
  return [table(screen, titles, rows), ...(open.length === 0 ? [] : [messages])].join('\n\n');
}

const toneOfCondition = (one: Condition): Tone | undefined =>
  isBad(one) ? 'bad' : one.status === 'Unknown' ? 'warn' : undefined;

const conditionMessage = (all: readonly Condition[], type: string): string | undefined =>
  all.find((one) => one.type === type)?.message;

function eventLines(screen: Screen, { events, why }: Told, now: Instant): string {
  if (why !== undefined) return `not to be read: ${printable(why)}`;
  if (events.length === 0) return 'none (the cluster forgets them after about an hour)';
  const room = Math.max(30, Math.min(screen.width ?? 100, 100) - 4);
  return events
    .map(({ at, type, reason, note, count }) => {
      const often = count > 1 ? `, ${count} times` : '';
      const heading = `${fully(at, now)}${often}  ${printable(reason)}`;
      const lines = wrap(note, room).map((line) => `    ${line}`);
      return [type === 'Warning' ? screen.paint('warn', heading) : heading, ...lines].join('\n');
    })
    .join('\n');
}
