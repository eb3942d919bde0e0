import type { ApplicationSpec } from '../api/application.ts';
import { defaultRateLimit } from '../api/application.ts';
import type { Environment } from '../api/connection.ts';
import { type Clock, type Instant, seconds } from '../clock.ts';
import { callsFrom } from '../domain/calls.ts';
import type { Observation } from '../domain/observation.ts';
import type { Step } from '../domain/step.ts';
import type { Key } from '../kube/resource.ts';
import type { BudgetSight } from '../observability/port.ts';
import type { SquareClient } from '../square/port.ts';
import { type Budget, createBudget, type RateLimit, type Reserve } from './budget.ts';
import { aheadOfBudget, withinBudget } from './budgeted-client.ts';
import type { HeldBackTokensOf } from './held-back-tokens.ts';
import type { IssuingOf } from './issuing.ts';
import type { Sight } from './observe.ts';
import { type Presenting, presentingOf } from './presenting.ts';
import { withSecondWitness } from './second-witness.ts';
import type { Squares } from './squares.ts';
import type { Turnstile } from './turnstile.ts';
import type { Watches } from './watches.ts';

/** What a step may use of Square: its calls are charged to the application, and keep their place among the others. */
export interface TurnPorts {
  readonly squares: Squares;
  readonly turnstile: Turnstile;
  readonly mayAct: () => boolean;
}

/** The turn of one pass: calls are set aside for it when it first asks for some. */
export interface Turn {
  /** What the step may use; `undefined` when it has to wait: the key is woken when its turn has come. */
  admit(step: Step, sight: Sight, o: Observation): TurnPorts | undefined;
  /** The pass is over. */
  end(): void;
}

/** Who may ask Square when: one budget for each application, and one an environment for personal access tokens without one. */
export interface Turns {
  /** `urgency`: the smaller the sooner. */
  begin(key: Key, urgency: number): Turn;
  /** Square for somebody who waits at a page: charged to the application, and ahead of every pass. On any replica. */
  forPerson(ref: Key, environment: Environment): SquareClient;
  /** Nobody waits any more: the lease is lost, or won anew. */
  clear(): void;
  /** Since when, by Square's time, the application's calls are slowed down because Square answered 429, and for how long. */
  slowed(ref: Key): { readonly since: Instant; readonly recoversIn: number } | undefined;
  /** For the metrics: every budget that was used, of applications that are still there. */
  sights(): Iterable<BudgetSight>;
}

export interface TurnsDeps {
  readonly clock: Clock;
  readonly squares: Squares;
  readonly watches: Pick<Watches, 'applications'>;
  readonly turnstile: Turnstile;
  readonly heldBackTokens: HeldBackTokensOf;
  readonly issuing: Pick<IssuingOf, 'of'>;
  readonly mayAct: () => boolean;
  /** Works on the connection soon. */
  readonly wake: (key: Key) => void;
  /** Square answered 429 to calls of the application. */
  readonly onSlowed: (ref: Key) => void;
}

interface Account {
  /** `namespace/name` of the application; empty: personal access tokens without one. */
  readonly application: Key;
  readonly environment: Environment;
  readonly budget: Budget;
  slowedSince?: Instant;
}

/** A pass that was admitted waits no longer than this for a call beyond what was set aside: it holds a worker. */
const patience = seconds(5);

const refOf = ({ application }: Observation): Key => (application.kind === 'Found' ? application.ref : '');

/** The limits that count; a burst that is not said is that of two seconds. */
export function rateLimitOf(spec: Pick<ApplicationSpec, 'rateLimit'> | undefined): RateLimit {
  const { requestsPerSecond = defaultRateLimit.requestsPerSecond, burst } = spec?.rateLimit ?? {};
  return { requestsPerSecond, burst: burst ?? 2 * requestsPerSecond };
}

export function createTurns(deps: TurnsDeps): Turns {
  const { clock, watches } = deps;
  const accounts = new Map<string, Account>();
  /** In whose line a key stands. */
  const places = new Map<Key, Account>();

  function accountOf(ref: Key, environment: Environment): Account {
    const id = ref === '' ? environment : ref;
    const known = accounts.get(id);
    if (known !== undefined) return known;
    const limit = () => rateLimitOf(watches.applications.get(ref)?.spec);
    const account = { application: ref, environment, budget: createBudget({ clock, limit, wake: deps.wake }) };
    accounts.set(id, account);
    return account;
  }

  function tooMany(account: Account, sentAt: number, retryAfter: number | undefined): void {
    if (account.budget.recoversIn() === 0) account.slowedSince = deps.squares[account.environment].time.now();
    account.budget.tooMany(sentAt, retryAfter);
    if (account.application !== '') deps.onSlowed(account.application);
  }

  function portsFor(account: Account, reserve: Reserve, urgency: number, presenting?: Presenting): TurnPorts {
    const mayAct = () => deps.mayAct() && account.budget.holds(reserve) && presenting?.may() !== false;
    const charging = {
      clock,
      budget: account.budget,
      reserve,
      patience,
      mayAct: deps.mayAct,
      onTooMany: (sentAt: number, retryAfter: number | undefined) => tooMany(account, sentAt, retryAfter),
    };
    const { environment } = account;
    const square = deps.squares[environment];
    const charged = withSecondWitness(withinBudget(square.client, charging), square.time);
    const client = presenting?.listening(charged) ?? charged;
    return {
      squares: { ...deps.squares, [environment]: { ...square, client } },
      turnstile: (work) => deps.turnstile(work, urgency),
      mayAct,
    };
  }

  /** Another application than the one that it waited for: it waits there no more. */
  function moveTo(key: Key, account: Account): void {
    const place = places.get(key);
    if (place !== undefined && place !== account) place.budget.leave(key, undefined);
    places.set(key, account);
  }

  return {
    begin(key, urgency) {
      let admitted: { readonly account: Account; readonly reserve: Reserve } | undefined;
      return {
        admit(step, sight, o) {
          const calls = callsFrom(step, o);
          if (calls === 0) return { squares: deps.squares, turnstile: deps.turnstile, mayAct: deps.mayAct };
          const account = accountOf(refOf(o), sight.environment);
          if (admitted?.account !== account || !account.budget.holds(admitted.reserve)) {
            admitted?.account.budget.leave(key, admitted.reserve);
            admitted = undefined;
            moveTo(key, account);
            const reserve = account.budget.admit(key, calls, urgency);
            if (reserve === undefined) return undefined;
            admitted = { account, reserve };
          }
          return portsFor(account, admitted.reserve, urgency, presentingOf(deps, key, step, o));
        },
        end() {
          if (places.get(key)?.budget.leave(key, admitted?.reserve) === false) places.delete(key);
        },
      };
    },
    forPerson(ref, environment) {
      const account = accountOf(ref, environment);
      const onTooMany = (sentAt: number, retryAfter: number | undefined) => tooMany(account, sentAt, retryAfter);
      return aheadOfBudget(deps.squares[environment].client, { clock, budget: account.budget, onTooMany });
    },
    clear() {
      for (const { budget } of accounts.values()) budget.clear();
      places.clear();
    },
    slowed(ref) {
      const account = accounts.get(ref);
      const recoversIn = account?.budget.recoversIn() ?? 0;
      if (account?.slowedSince === undefined || recoversIn === 0) return undefined;
      return { since: account.slowedSince, recoversIn };
    },
    *sights() {
      for (const { application, environment, budget } of accounts.values()) {
        if (application !== '' && watches.applications.get(application) === undefined) continue;
        yield { application, environment, rate: budget.rate(), waiting: budget.waiting };
      }
    },
  };
}
