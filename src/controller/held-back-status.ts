import type { ApplicationStatus } from '../api/application.ts';
import { applicationReasons } from '../api/conditions.ts';
import { formatInstant } from '../clock.ts';
import type { Key } from '../kube/resource.ts';
import { type HeldBackTokensOf, nameOf } from './held-back-tokens.ts';

type Rows = ReturnType<HeldBackTokensOf['rows']>;

/** What a later process has to know of refresh tokens that are held back. */
export function heldBackStatus(rows: Rows): Pick<ApplicationStatus, 'heldBack'> {
  if (rows.length === 0) return {};
  return {
    heldBack: rows.map(([kind, { refused, open }]) => ({
      tokens: nameOf[kind],
      since: formatInstant(open.since),
      refused: refused.size,
      ...(kind === 'singleUse' ? {} : { probes: open.probes, retryAt: formatInstant(open.retryAt) }),
    })),
  };
}

/** Connections that are named; there are never many, since the others are held back. */
const mostNamed = 6;

/** For the person woken at night; `undefined` when nothing is held back. */
export function heldBackFault(rows: Rows): string | undefined {
  if (rows.length === 0) return undefined;
  const told = rows.map(([kind, { refused, open }]) => {
    const what = kind === 'singleUse' ? 'single-use refresh tokens' : 'refresh tokens';
    const then =
      kind === 'singleUse'
        ? 'others that were given before are not presented'
        : 'of others one is tried now and then, the next at ' + formatInstant(open.retryAt);
    return `Square refused the ${what} of ${whose(refused)} in a row since ${formatInstant(open.since)}: ${then}.`;
  });
  return `${told.join(' ')} ${applicationReasons.RefreshTokensRefused.remedy}`;
}

function whose(refused: ReadonlyMap<Key, unknown>): string {
  const names = [...refused.keys()].sort();
  if (names.length === 0) return 'several connections';
  const rest = names.length > mostNamed ? ` and ${names.length - mostNamed} more` : '';
  return `${names.slice(0, mostNamed).join(', ')}${rest}`;
}
