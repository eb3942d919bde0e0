import { hours, minutes } from '../../src/clock.ts';
import { eventually } from '../support/eventually.ts';
import { pulse } from './pulse.ts';
import type { Stage } from './stage.ts';

/** How it ended: well, or with the status saying that the seller has to sign in again, or not at all. */
export type Rest = 'reached' | 'told' | 'never';

/** The words by which a status says that a grant can no longer be renewed. */
const givenUp = new Set(['CredentialRefused', 'ReauthorizationNeeded', 'RefreshRefused', 'RotationOutcomeLost']);

export interface RestOptions {
  /** Whether Square's clock may be moved on, so that what waits for its time need not be waited for. */
  readonly mayPassTime: boolean;
  /** Whether it may end with the authorization given up. */
  readonly mayBeTold: boolean;
  /** How long to wait in the end for what is waited out in real time, in milliseconds. */
  readonly patience: number;
}

/** Real time that a step takes when nothing has to be waited for. */
const promptly = 3_000;

/**
 * Waits until it has come about. What waits for its time is helped by moving Square's clock, of which the operator learns
 * by Square's next answer: a connection with a personal access token asks for one.
 */
export async function comeToRest(
  stage: Stage,
  reached: () => boolean,
  { mayPassTime, mayBeTold, patience }: RestOptions,
): Promise<Rest> {
  if (!(await soon(() => isLed(stage)))) return 'never';
  const ended = (): Rest | undefined => (reached() ? 'reached' : mayBeTold && isGivenUp(stage) ? 'told' : undefined);
  const within = async (limit: number) => {
    const first = await stage.live.until('it is done', ended, limit).catch(() => undefined);
    if (first === undefined) return undefined;
    // What the cluster shows may be from before: the process that leads now has looked at it, too, and had nothing to do.
    return (await soon(() => isIdle(stage))) ? ended() : 'never';
  };
  if (!mayPassTime) return (await within(patience)) ?? 'never';
  for (const by of [0, minutes(2), minutes(5), hours(1), hours(3), hours(26)]) {
    if (by > 0) {
      stage.square.clock.advance(by);
      await pulse(stage);
    }
    const end = await within(promptly);
    if (end !== undefined) return end;
  }
  const end = await within(patience);
  if (end !== undefined) return end;
  // What ends by the operator's own time limit has only ended now, and what follows from it waits for its time again.
  stage.square.clock.advance(hours(26));
  await pulse(stage);
  return (await within(patience)) ?? (isGivenUp(stage) ? 'told' : 'never');
}

/**
 * Whether the status says that the grant is lost, and claims nothing else. Where it was a new credential's, and an earlier
 * grant is held that is as good as before, its last failure says so.
 */
function isGivenUp({ live, namespace, square }: Stage): boolean {
  const { conditions = [], lastFailure, merchantID = '' } = live.get('connections', namespace, 'shop')?.status ?? {};
  const earlier = square.ledger.tokenRequests({ merchantID, outcome: 'issued' }).at(-2)?.refreshToken;
  const lives = square.ledger.liveRefreshTokens({ merchantID }).some(({ value }) => value === earlier);
  if (lives && lastFailure?.reason === 'RotationOutcomeLost') return true;
  const is = (type: string, status: string) => conditions.some((one) => one.type === type && one.status === status);
  return conditions.some(({ reason }) => givenUp.has(reason)) && !is('Renewable', 'True') && !is('Revoked', 'True');
}

const soon = (condition: () => Promise<boolean>): Promise<boolean> =>
  eventually('', condition, 30_000).then(
    () => true,
    () => false,
  );

const metricsOf = async ({ processes }: Stage): Promise<string[]> => {
  const running = processes.filter((one) => one.running() && !one.paused());
  // One that has just begun does not answer yet.
  return await Promise.all(
    running.map((one) =>
      one.get('metrics').then(
        ({ text }) => text,
        () => '',
      ),
    ),
  );
};

const leads = (text: string): boolean => /^leader_election_master_status\{[^}]*\} 1$/m.test(text);

/** All processes answer, and one leads. */
async function isLed(stage: Stage): Promise<boolean> {
  const texts = await metricsOf(stage);
  return texts.some(leads) && !texts.includes('');
}

/** No pass is under way and no key waits, in the process that leads. */
async function isIdle(stage: Stage): Promise<boolean> {
  const busy = /^(?:workqueue_depth|controller_runtime_active_workers)\{[^}]*\} [1-9]/m;
  return (await metricsOf(stage)).some((text) => leads(text) && !busy.test(text));
}
