import { describe, expect, it } from 'vitest';
import { seconds } from '../../../src/clock.ts';
import { createAttempts } from '../../../src/controller/attempts.ts';
import { type Attempt, attemptLasts, isSpent, provenAfter, unansweredBefore } from '../../../src/domain/attempt.ts';
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
    expect(attempts().stateOf(key, undefined, noon)).toEqual({ kind: 'None' });
  });

  it('of another process may be under way until it was seen for a minute', () => {
    const seen = attempts();
    const attempt = anAttempt();
    expect(seen.stateOf(key, attempt, noon)).toEqual({ kind: 'Open', attempt, until: noon + attemptLasts });
    seen.pass(attemptLasts - 1);
    expect(seen.stateOf(key, attempt, noon)).toMatchObject({ kind: 'Open', until: noon + 1 });
    seen.pass(1);
    expect(seen.stateOf(key, attempt, noon)).toEqual({ kind: 'Over', attempt });
  });

  it('begins to be seen anew when it is another one', () => {
    const seen = attempts();
    seen.stateOf(key, anAttempt(), noon);
    seen.pass(attemptLasts);
    expect(seen.stateOf(key, anAttempt({ id: 'a2' }), noon)).toMatchObject({
      kind: 'Open',
      until: noon + attemptLasts,
    });
  });

  it('of this process is over: one that is under way is not looked at', () => {
    expect(attempts().stateOf(key, anAttempt({ holder: 'self' }), noon)).toMatchObject({ kind: 'Over' });
  });

  it('of a dead process is over once this one has proven to live', () => {
    const seen = attempts();
    const attempt = anAttempt({ holder: 'dead' });
    expect(seen.stateOf(key, attempt, noon)).toMatchObject({ kind: 'Open', until: noon + provenAfter });
    seen.pass(provenAfter);
    expect(seen.stateOf(key, attempt, noon)).toMatchObject({ kind: 'Over' });
  });

  it('that was never sent counts for nothing, whatever the record says', () => {
    const seen = attempts();
    const attempt = anAttempt({ holder: 'self' });
    seen.unsent(key, attempt);
    expect(seen.stateOf(key, attempt, noon)).toEqual({ kind: 'None' });
    const second = anAttempt({ id: 'a2', holder: 'self', unanswered: 1 });
    seen.unsent(key, second);
    expect(seen.stateOf(key, second, noon)).toMatchObject({ kind: 'Over', attempt: { unanswered: 0 } });
  });

  it('is made with a name of its own each time', () => {
    const made = attempts();
    const [one, other] = [made.begin('Held', 0), made.begin('Held', 1)];
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
