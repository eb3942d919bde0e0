import { type Instant, parseInstant } from '../clock.ts';
import { classOfReason } from '../domain/failure.ts';
import type { HeldBack } from '../domain/held-back.ts';
import type { StoredStatus } from '../domain/recall.ts';
import {
  noLaterThan,
  type OpenRow,
  type Row,
  rowOf,
  withProbe,
  withRefusal,
  withRenewal,
} from '../domain/refusals-in-a-row.ts';
import type { Key } from '../kube/resource.ts';
import type { Index } from './index-by.ts';
import type { Squares } from './squares.ts';
import type { Watches } from './watches.ts';

/** The kinds of refresh tokens. What became of one kind says nothing about the other. */
export type TokenKind = 'singleUse' | 'multiUse';

/** A refresh token that is held, as far as it matters here. */
export interface HeldToken {
  readonly kind: TokenKind;
  /** When Square gave the access token beside it. */
  readonly givenAt: Instant;
}

/**
 * Which refresh tokens of an application are held back, since Square refused many in a row. A process that has just begun
 * knows it from the statuses of the application and of its connections, so a restart presents no more of them.
 */
export interface HeldBackTokensOf {
  of(ref: Key): HeldBack | undefined;
  /** The rows that are held back, for the application's status. */
  rows(ref: Key): readonly (readonly [TokenKind, Row & { readonly open: OpenRow }])[];
  /** Whether the token may be presented now without a person's asking. After a `Probe` the next is one backoff away. */
  mayPresent(ref: Key, token: HeldToken): 'Yes' | 'Probe' | 'No';
  /** Square refused the token of this connection. */
  refused(ref: Key, key: Key, token: HeldToken): void;
  /** Square renewed such a token. */
  renewed(ref: Key, token: HeldToken): void;
  /** Forgets what this process knows: the statuses are asked again. */
  restart(): void;
}

export interface HeldBackTokensDeps {
  readonly watches: Pick<Watches, 'applications' | 'connections'>;
  readonly squares: Squares;
  /** Keys of connections by the key of their application. */
  readonly connectionsOf: Index;
  /** Told when tokens are held back, when another one may be tried, and when that is over. */
  readonly onChange: (ref: Key) => void;
}

type Rows = Readonly<Record<TokenKind, Row>>;

const kinds = ['singleUse', 'multiUse'] as const satisfies readonly TokenKind[];

export function createHeldBackTokens(deps: HeldBackTokensDeps): HeldBackTokensOf {
  const { watches, squares, connectionsOf, onChange } = deps;
  const known = new Map<Key, Rows>();
  const now = (ref: Key) => squares[watches.applications.get(ref)?.spec?.environment ?? 'Production'].time.now();

  function recall(ref: Key): Rows {
    const statuses = [...connectionsOf.get(ref)].flatMap((key) => {
      const stored = watches.connections.get(key)?.stored;
      return stored === undefined ? [] : [[key, stored] as const];
    });
    const told = watches.applications.get(ref)?.status.heldBack ?? [];
    const row = (kind: TokenKind) => {
      const stored = told.find(({ tokens }) => tokens === nameOf[kind]);
      const open = stored && {
        since: parseInstant(stored.since) ?? 0,
        probes: stored.probes ?? 0,
        retryAt: parseInstant(stored.retryAt ?? '') ?? 0,
      };
      return rowOf(refusalsIn(statuses, kind), open);
    };
    return { singleUse: row('singleUse'), multiUse: row('multiUse') };
  }

  function rowsOf(ref: Key): Rows {
    let rows = known.get(ref) ?? recall(ref);
    if (rows.multiUse.open !== undefined) rows = { ...rows, multiUse: noLaterThan(rows.multiUse, now(ref)) };
    known.set(ref, rows);
    return rows;
  }

  function change(ref: Key, kind: TokenKind, by: (row: Row) => Row): void {
    const rows = rowsOf(ref);
    const row = by(rows[kind]);
    known.set(ref, { ...rows, [kind]: row });
    if (row.open !== rows[kind].open) onChange(ref);
  }

  return {
    of(ref) {
      const { singleUse, multiUse } = rowsOf(ref);
      if (singleUse.open === undefined && multiUse.open === undefined) return undefined;
      return {
        ...(singleUse.open && { singleUse: { since: singleUse.open.since } }),
        ...(multiUse.open && { multiUse: { since: multiUse.open.since, retryAt: multiUse.open.retryAt } }),
      };
    },
    rows(ref) {
      const rows = rowsOf(ref);
      return kinds.flatMap((kind) => {
        const { refused, open } = rows[kind];
        return open === undefined ? [] : [[kind, { refused, open }] as const];
      });
    },
    mayPresent(ref, { kind, givenAt }) {
      const { open } = rowsOf(ref)[kind];
      if (open === undefined || givenAt >= open.since) return 'Yes';
      if (kind === 'singleUse' || now(ref) < open.retryAt) return 'No';
      change(ref, kind, (row) => withProbe(row, now(ref)));
      return 'Probe';
    },
    refused: (ref, key, { kind }) => change(ref, kind, (row) => withRefusal(row, key, now(ref))),
    renewed: (ref, { kind, givenAt }) => change(ref, kind, (row) => withRenewal(row, givenAt)),
    restart: () => known.clear(),
  };
}

/** What a status calls them. */
export const nameOf = { singleUse: 'SingleUse', multiUse: 'MultiUse' } as const satisfies Record<TokenKind, string>;

/** Refusals that no renewal has followed. Of the tokens that work once an end is known (Square, "OAuth best practices"). */
function refusalsIn(statuses: readonly (readonly [Key, StoredStatus])[], kind: TokenKind): ReadonlyMap<Key, Instant> {
  const own = statuses.filter(([, stored]) => (stored.refreshTokenExpiresAt !== undefined) === (kind === 'singleUse'));
  // The first token of a connection was taken up, and renewed no other.
  const renewals = own.flatMap(([, { issuedAt, revision }]) =>
    issuedAt === undefined || revision < 2 ? [] : [issuedAt],
  );
  const latest = Math.max(Number.NEGATIVE_INFINITY, ...renewals);
  return new Map(
    own.flatMap(([key, { failures }]) => {
      const refusal = failures.find(
        ({ operation, reason }) => operation === 'Refresh' && classOfReason(reason) === 'RefreshTokenRefused',
      );
      const since = refusal && parseInstant(refusal.since);
      return since === undefined || since < latest ? [] : [[key, since] as const];
    }),
  );
}
