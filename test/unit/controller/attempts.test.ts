import { describe, expect, it } from 'vitest';
import { seconds } from '../../../src/clock.ts';
import { createAttempts } from '../../../src/controller/attempts.ts';
import {
  type Attempt,
  attemptLasts,
  doubtOf,
  doubtsAfter,
  doubtsBeside,
  doubtsLeft,
  isSpent,
  provenAfter,
  unansweredBefore,
} from '../../../src/domain/attempt.ts';
import type { Journal } from '../../../src/secrets/journal.ts';
import { noon } from '../../support/builders.ts';

const key = 'shop/bakery';
const anAttempt = (fields: Partial<Attempt> = {}): Attempt => ({
  id: 'a1',
  holder: 'another',
  startedAt: noon,
  presents: 'Held',
  unanswered: 0,
  ...fields,
});

function attempts() {
  let monotonic = 1_000;
  const clock = { wall: () => noon, monotonic: () => monotonic, after: () => () => {} };
  const journal = { holder: 'self', isDead: (holder: string) => holder === 'dead' } as unknown as Journal;
  return { ...createAttempts({ clock, journal }), pass: (by: number) => void (monotonic += by) };
}

describe('the attempt in a record', () => {
  it('is none where there is none', () => {
    expect(attempts().stateOf(key, {}, noon)).toEqual({ kind: 'None' });
  });

  it('of another process may be under way until it was seen for a minute', () => {
    const seen = attempts();
    const attempt = anAttempt();
    expect(seen.stateOf(key, { attempt }, noon)).toEqual({ kind: 'Open', attempt, until: noon + attemptLasts });
    seen.pass(attemptLasts - 1);
    expect(seen.stateOf(key, { attempt }, noon)).toMatchObject({ kind: 'Open', until: noon + 1 });
    seen.pass(1);
    expect(seen.stateOf(key, { attempt }, noon)).toEqual({ kind: 'Over', attempt });
  });

  it('begins to be seen anew when it is another one', () => {
    const seen = attempts();
    seen.stateOf(key, { attempt: anAttempt() }, noon);
    seen.pass(attemptLasts);
    expect(seen.stateOf(key, { attempt: anAttempt({ id: 'a2' }) }, noon)).toMatchObject({
      kind: 'Open',
      until: noon + attemptLasts,
    });
  });

  it('of this process is over: one that is under way is not looked at', () => {
    expect(attempts().stateOf(key, { attempt: anAttempt({ holder: 'self' }) }, noon)).toMatchObject({ kind: 'Over' });
  });

  it('of a dead process is over once this one has proven to live', () => {
    const seen = attempts();
    const attempt = anAttempt({ holder: 'dead' });
    expect(seen.stateOf(key, { attempt }, noon)).toMatchObject({ kind: 'Open', until: noon + provenAfter });
    seen.pass(provenAfter);
    expect(seen.stateOf(key, { attempt }, noon)).toMatchObject({ kind: 'Over' });
  });

  it('that was never sent counts for nothing, whatever the record says', () => {
    const seen = attempts();
    const attempt = anAttempt({ holder: 'self' });
    seen.unsent(attempt);
    expect(seen.stateOf(key, { attempt }, noon)).toEqual({ kind: 'None' });
    const second = anAttempt({ id: 'a2', holder: 'self', unanswered: 1 });
    seen.unsent(second);
    const before = { presents: 'Held', startedAt: noon, unanswered: 1 } as const;
    expect(seen.stateOf(key, { attempt: second }, noon)).toEqual({ kind: 'None', doubts: [before] });
    const doubted = anAttempt({ id: 'a3', holder: 'self', doubted: true });
    seen.unsent(doubted);
    expect(seen.stateOf(key, { attempt: doubted }, noon)).toEqual({
      kind: 'None',
      doubts: [{ ...before, unanswered: 0, doubted: true }],
    });
  });

  it('that was never sent counts for nothing however late the record tells of it', () => {
    const seen = attempts();
    const attempt = anAttempt({ holder: 'self' });
    seen.unsent(attempt);
    // The view was behind, and the next one could not be noted for it.
    seen.stateOf(key, {}, noon);
    seen.unsent(anAttempt({ id: 'a2', holder: 'self' }));
    expect(seen.stateOf(key, { attempt }, noon)).toEqual({ kind: 'None' });
  });

  it('is made with a name of its own each time', () => {
    const made = attempts();
    const [one, other] = [made.begin('Held', undefined), made.begin('Held', undefined)];
    expect(one).toMatchObject({ holder: 'self', startedAt: noon, presents: 'Held', unanswered: 0 });
    expect(one.id).not.toBe(other.id);
    expect(one.id).toMatch(/^[0-9a-f]{32}$/);
  });
});

describe('how often a token may be presented whose answer was lost', () => {
  const credential = { credential: 'digest' };
  it.each([
    ['nothing was asked', { kind: 'None' }, 'Held', 0, false],
    ['one answer was lost', { kind: 'Over', attempt: anAttempt() }, 'Held', 1, false],
    ['two were lost', { kind: 'Over', attempt: anAttempt({ unanswered: 1 }) }, 'Held', 2, true],
    ['two of another token were lost', { kind: 'Over', attempt: anAttempt({ unanswered: 1 }) }, credential, 0, false],
    [
      'two of this credential were lost',
      { kind: 'Over', attempt: anAttempt({ unanswered: 1, presents: credential }) },
      credential,
      2,
      true,
    ],
    [
      'two of this credential were lost, and one of the held token since',
      { kind: 'Over', attempt: anAttempt(), doubts: [{ presents: credential, startedAt: noon, unanswered: 2 }] },
      credential,
      2,
      true,
    ],
    [
      'the answer was that nothing was done',
      { kind: 'None', doubts: [{ presents: 'Held', startedAt: noon, unanswered: 0, doubted: true }] },
      'Held',
      0,
      false,
    ],
    [
      'the second may be under way',
      { kind: 'Open', attempt: anAttempt({ unanswered: 1 }), until: noon + seconds(1) },
      'Held',
      2,
      false,
    ],
  ] as const)('%s', (_, state, presents, unanswered, spent) => {
    expect(unansweredBefore(state, presents)).toBe(unanswered);
    expect(isSpent(state, presents)).toBe(spent);
  });
});

describe('what a record remembers of tokens that may be used up', () => {
  const credential = (digest: string) => ({ credential: digest });
  const lost = (digest: string) => ({ presents: credential(digest), startedAt: noon, unanswered: 1 });

  it('is kept when another token is presented, and goes with the attempt that presents it again', () => {
    const state = { kind: 'Over', attempt: anAttempt(), doubts: [lost('a')] } as const;
    expect(doubtsBeside(state, credential('a'))).toEqual([{ presents: 'Held', startedAt: noon, unanswered: 1 }]);
    expect(doubtsBeside(state, 'Held')).toEqual([lost('a')]);
    expect(attempts().begin(credential('a'), doubtOf(state, credential('a')))).toMatchObject({ unanswered: 1 });
  });

  it('is marked by an answer that does not prove that nothing was done, which uses up no retry', () => {
    const before = { kind: 'Over', attempt: anAttempt() } as const;
    const again = attempts().begin('Held', doubtOf(before, 'Held'));
    const doubts = doubtsAfter(before, again);
    expect(doubts).toEqual([{ presents: 'Held', startedAt: noon, unanswered: 1, doubted: true }]);
    expect(isSpent({ kind: 'None', doubts }, 'Held')).toBe(false);
    expect(attempts().begin('Held', doubtOf({ kind: 'None', doubts }, 'Held'))).toMatchObject({
      unanswered: 1,
      doubted: true,
    });
  });

  it('is of credentials alone once the held token is replaced, and of those that were not taken', () => {
    const state = { kind: 'Over', attempt: anAttempt(), doubts: [lost('a'), lost('b')] } as const;
    expect(doubtsLeft(state, ['a'])).toEqual({ doubts: [lost('b')] });
    expect(doubtsLeft(state, ['a', 'b'])).toEqual({});
  });

  it('is bounded', () => {
    let doubts = doubtsAfter({ kind: 'None' }, anAttempt());
    for (let n = 0; n < 20; n++) {
      doubts = doubtsAfter({ kind: 'None', doubts }, anAttempt({ presents: credential(`c${n}`) }));
    }
    expect(doubts.length).toBe(8);
    expect(doubts.at(-1)).toMatchObject({ presents: credential('c19') });
  });
});
