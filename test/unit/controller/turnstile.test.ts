import { describe, expect, test } from 'vitest';
import { createTurnstile } from '../../../src/controller/turnstile.ts';
import { createFakeClock } from '../../support/clock.ts';

/** Work that ends when it is told to, and says when it began. */
function aWork(began: string[], name: string) {
  let end: (error?: Error) => void = () => {};
  const done = new Promise<string>((resolve, reject) => {
    end = (error) => (error === undefined ? resolve(name) : reject(error));
  });
  const work = () => {
    began.push(name);
    return done;
  };
  return { work, end: (error?: Error) => end(error) };
}

describe('the turnstile', () => {
  test('lets the next go when the one before is done, in the order of their coming', async () => {
    const clock = createFakeClock();
    const turnstile = createTurnstile({ clock, width: 1, patience: 10 });
    const began: string[] = [];
    const [a, b, c] = ['a', 'b', 'c'].map((name) => aWork(began, name));
    const all = [a, b, c].flatMap((one) => (one === undefined ? [] : [turnstile(one.work)]));
    await clock.advance(0);
    expect(began).toEqual(['a']);
    a?.end();
    await clock.advance(0);
    expect(began).toEqual(['a', 'b']);
    b?.end();
    c?.end();
    expect(await Promise.all(all)).toEqual(['a', 'b', 'c']);
    expect(clock.timers()).toBe(0);
  });

  test('lets the most urgent go first', async () => {
    const clock = createFakeClock();
    const turnstile = createTurnstile({ clock, width: 1, patience: 10 });
    const began: string[] = [];
    const works = ['a', 'b', 'c', 'd', 'e'].map((name) => aWork(began, name));
    const all = works.map(({ work }, i) => turnstile(work, [5, 4, 3, 4, 0][i]));
    for (const { end } of works) end();
    await Promise.all(all);
    expect(began).toEqual(['a', 'e', 'c', 'b', 'd']);
  });

  test('lets the next go when the one before takes too long', async () => {
    const clock = createFakeClock();
    const turnstile = createTurnstile({ clock, width: 1, patience: 10 });
    const began: string[] = [];
    const [slow, next] = ['slow', 'next'].map((name) => aWork(began, name));
    const all = [slow, next].flatMap((one) => (one === undefined ? [] : [turnstile(one.work)]));
    await clock.advance(9);
    expect(began).toEqual(['slow']);
    await clock.advance(1);
    expect(began).toEqual(['slow', 'next']);
    slow?.end();
    next?.end();
    await Promise.all(all);
  });

  test('lets as many through at a time as it is wide', async () => {
    const clock = createFakeClock();
    const turnstile = createTurnstile({ clock, width: 2, patience: 10 });
    const began: string[] = [];
    const works = ['a', 'b', 'c', 'd'].map((name) => aWork(began, name));
    const all = works.map(({ work }) => turnstile(work));
    await clock.advance(0);
    expect(began).toEqual(['a', 'b']);
    works[1]?.end();
    await clock.advance(0);
    expect(began).toEqual(['a', 'b', 'c']);
    for (const { end } of works) end();
    expect(await Promise.all(all)).toEqual(['a', 'b', 'c', 'd']);
  });

  test('is not blocked by work that fails', async () => {
    const clock = createFakeClock();
    const turnstile = createTurnstile({ clock, width: 1, patience: 10 });
    const began: string[] = [];
    const [bad, next] = ['bad', 'next'].map((name) => aWork(began, name));
    const failing = turnstile(bad?.work ?? (() => Promise.reject(new Error('no work'))));
    const following = turnstile(next?.work ?? (() => Promise.reject(new Error('no work'))));
    bad?.end(new Error('it failed'));
    next?.end();
    await expect(failing).rejects.toThrow('it failed');
    await expect(following).resolves.toBe('next');
  });
});
