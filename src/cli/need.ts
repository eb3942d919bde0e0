import type { Tone } from './screen.ts';
import { isReady, meaningOf, type Seen, stateOf, troublesOf } from './seen.ts';

/**
 * Whether a connection needs a person, by what the operator says of it. `Now`: something does not work and does not mend
 * itself. `Soon`: nothing is broken, but it does not go on without somebody. `No`: all is well, under way, or so by wish.
 */
export type Need = 'No' | 'Soon' | 'Now';

/** States that somebody wished for. */
const wished: ReadonlySet<string> = new Set(['Suspended', 'Disconnected']);

/** States that a person is to begin or to wait for: no fault. */
const waiting: ReadonlySet<string> = new Set(['AwaitingAuthorization', 'NotSeenYet', 'Disconnecting']);

/** What a connection needs somebody for, in one word: its state, or else the condition that is not as it should be. */
export function topicOf(seen: Seen): string {
  const state = stateOf(seen);
  if (!isReady(seen) || meaningOf(state).remedy !== '') return state;
  return troublesOf(seen)[0]?.reason ?? state;
}

export function needOf(seen: Seen): Need {
  const topic = topicOf(seen);
  const { means, remedy } = meaningOf(topic);
  if (wished.has(topic)) return 'No';
  if (isReady(seen)) return remedy === '' ? 'No' : 'Soon';
  if (waiting.has(topic)) return 'Soon';
  // What is known and has no remedy is under way; what another version of the operator says may be anything.
  return means !== '' && remedy === '' ? 'No' : 'Now';
}

/** What is most urgent comes first. */
export const urgency: readonly Need[] = ['Now', 'Soon', 'No'];

export function toneOf(seen: Seen): Tone {
  const need = needOf(seen);
  if (need === 'Now') return 'bad';
  return need === 'No' && stateOf(seen) === 'Valid' ? 'good' : 'warn';
}
