import { hours, type Instant } from '../clock.ts';
import { type Backoff, backoffDelay } from './schedule.ts';

/**
 * Refresh tokens of one kind and one application that Square refused, without one of them being renewed in between. One
 * is a seller who left. Many in a row have a common cause, most likely records of a backup, whose single-use tokens were
 * replaced after it was made: then each further one is presented in vain.
 */
export interface Row {
  /** Whose, and when Square refused it first. */
  readonly refused: ReadonlyMap<string, Instant>;
  /** From `mostRefused` on: tokens that were given before `since` are held back. */
  readonly open?: OpenRow;
}

export interface OpenRow {
  readonly since: Instant;
  /** Tokens that were tried since, in vain. */
  readonly probes: number;
  /** When one is tried next, where trying costs nothing. */
  readonly retryAt: Instant;
}

export const emptyRow: Row = { refused: new Map() };

/** So many sellers may leave one after the other before it looks like something else. */
export const mostRefused = 5;

/** A token that can be presented again and again is tried now and then: Square may have been wrong. */
const probeBackoff: Backoff = { first: hours(1), most: hours(24) };

const probeAfter = (at: Instant, probes: number): Instant =>
  Math.ceil((at + backoffDelay(probeBackoff, probes + 1, 'probe')) / 1_000) * 1_000;

const openAt = (since: Instant, at: Instant, probes = 0): OpenRow => ({
  since,
  probes,
  retryAt: probeAfter(at, probes),
});

/** The row of these refusals, as a process that has just begun knows them; `stored`: what was told of it. */
export function rowOf(refused: ReadonlyMap<string, Instant>, stored?: OpenRow): Row {
  if (stored !== undefined) return { refused, open: stored };
  if (refused.size < mostRefused) return { refused };
  return { refused, open: openAt(Math.min(...refused.values()), Math.max(...refused.values())) };
}

/** One refusal more. */
export function withRefusal(row: Row, who: string, at: Instant): Row {
  const refused = new Map(row.refused);
  if (!refused.has(who)) refused.set(who, Math.floor(at / 1_000) * 1_000);
  const { open } = row;
  return open === undefined ? rowOf(refused) : { refused, open: openAt(open.since, at, open.probes + 1) };
}

/** One is about to be tried: the next one only after a while. */
export const withProbe = ({ refused, open }: Row, at: Instant): Row =>
  open === undefined ? { refused } : { refused, open: openAt(open.since, at, open.probes) };

/**
 * A token was renewed. When it was given before the refusals began, that refutes what they look like; a newer one, of a
 * seller who signed in again, says nothing about the others.
 */
export function withRenewal(row: Row, givenAt: Instant): Row {
  const began = row.open?.since ?? Math.min(Number.POSITIVE_INFINITY, ...row.refused.values());
  return givenAt < began ? emptyRow : row;
}

/** Square's time may have been set back since: nobody waits longer than the longest backoff. */
export function noLaterThan(row: Row, now: Instant): Row {
  const { open } = row;
  if (open === undefined || open.retryAt - now <= 2 * probeBackoff.most) return row;
  return { ...row, open: openAt(Math.min(open.since, now), now, open.probes) };
}
