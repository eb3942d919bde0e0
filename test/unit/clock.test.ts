import { describe, expect, it, vi } from 'vitest';
import {
  createSquareTime,
  days,
  formatInstant,
  hours,
  minutes,
  parseInstant,
  seconds,
  sleep,
  systemClock,
} from '../../src/clock.ts';
import { createFakeClock } from '../support/clock.ts';

const start = Date.UTC(2026, 6, 1);

describe('Square’s time', () => {
  it('is the local clock until the first answer, and not confirmed', () => {
    const time = createSquareTime(createFakeClock(start));
    expect(time.now()).toBe(start);
    expect(time.confirmed()).toBe(false);
  });

  it('is set by a Date and carried on by the monotonic clock', async () => {
    const clock = createFakeClock(start);
    const time = createSquareTime(clock);
    time.observe(start - minutes(4));
    expect(time.confirmed()).toBe(true);
    await clock.advance(hours(1));
    expect(time.now()).toBe(start - minutes(4) + hours(1));
    expect(time.skew()).toBe(minutes(4));
  });

  it('is moved far only when a second answer bears the first one out', async () => {
    const clock = createFakeClock(start);
    const time = createSquareTime(clock);
    const shifted = vi.fn();
    time.onShift(shifted);
    time.observe(start - days(3));
    expect([time.now(), time.confirmed(), time.disputed()]).toEqual([start, false, true]);
    await clock.advance(hours(1));
    expect(shifted).not.toHaveBeenCalled();
    time.observe(start - days(3) + hours(1) + seconds(1));
    expect([time.now(), time.confirmed(), time.disputed()]).toEqual([
      start - days(3) + hours(1) + seconds(1),
      true,
      false,
    ]);
    expect(shifted).toHaveBeenCalledTimes(1);
  });

  it.each([
    ['ahead', days(40)],
    ['behind', -days(40)],
  ])('does not follow one answer that is far %s', async (_, off) => {
    const clock = createFakeClock(start);
    const time = createSquareTime(clock);
    time.observe(start);
    time.observe(start + off);
    expect([time.now(), time.confirmed(), time.disputed()]).toEqual([start, true, true]);
    await clock.advance(minutes(1));
    time.observe(start + minutes(1));
    expect([time.now(), time.disputed()]).toEqual([start + minutes(1), false]);
    // What was said before the right answer counts for nothing after it.
    time.observe(start + off + minutes(1));
    expect([time.now(), time.disputed()]).toEqual([start + minutes(1), true]);
  });

  it('does not follow answers that name another time each', () => {
    const time = createSquareTime(createFakeClock(start));
    for (const off of [days(40), -days(2), days(7), hours(1), days(41)]) time.observe(start + off);
    expect([time.now(), time.confirmed(), time.disputed()]).toEqual([start, false, true]);
  });

  it('does not follow one and the same Date, given again and again while time goes on', async () => {
    const clock = createFakeClock(start);
    const time = createSquareTime(clock);
    for (let i = 0; i < 5; i++) {
      time.observe(start + days(3));
      await clock.advance(seconds(30));
    }
    expect(time.now()).toBe(start + seconds(150));
  });

  it('is not moved by jumps of the wall clock', () => {
    const clock = createFakeClock(start);
    const time = createSquareTime(clock);
    clock.jumpWall(days(40));
    expect(time.now()).toBe(start);
    expect(time.skew()).toBe(days(40));
    clock.jumpWall(-days(80));
    expect(time.now()).toBe(start);
  });

  it('tells of every shift, and of nothing within the resolution of the header', () => {
    const time = createSquareTime(createFakeClock(start));
    const [first, second] = [vi.fn(), vi.fn()];
    time.onShift(first);
    time.onShift(second);
    time.observe(start + seconds(2));
    time.observe(start - seconds(2));
    expect(first).not.toHaveBeenCalled();
    expect(time.now()).toBe(start);
    time.observe(start + seconds(3));
    expect(first).toHaveBeenCalledTimes(1);
    expect(second).toHaveBeenCalledTimes(1);
    expect(time.now()).toBe(start + seconds(3));
  });

  it('has the new time when it tells of the shift', () => {
    const time = createSquareTime(createFakeClock(start));
    const seen: unknown[] = [];
    time.onShift(() => seen.push(time.now(), time.confirmed()));
    time.observe(start + minutes(2));
    expect(seen).toEqual([start + minutes(2), true]);
  });
});

describe('an instant in RFC 3339', () => {
  it.each([
    ['2026-07-01T00:00:00Z', start],
    ['2026-07-01t02:00:00.000+02:00', start],
    ['2026-06-30T19:00:00-05:00', start],
    ['2026-07-01T00:00:00.9Z', start + 900],
    ['2026-07-01t00:00:00z', start],
    ['2026-07-01T00:00:00.246373287999999999Z', start + 246],
    ['2026-06-30T23:59:60Z', start],
    ['2026-06-30T23:59:60.5Z', start + 500],
    ['2026-07-01T08:59:60+09:00', start],
  ])('%s is read', (text, instant) => expect(parseInstant(text)).toBe(instant));

  it.each([
    '',
    'now',
    '2026-07-01',
    '2026-07-01 00:00:00Z',
    '2026-07-01T00:00:61Z',
    '2026-13-01T00:00:00Z',
    '2026-07-01T00:00:00',
    '1782864000',
  ])('%j is none', (text) => expect(parseInstant(text)).toBeUndefined());

  it('is written in whole seconds, UTC', () => expect(formatInstant(start + 999)).toBe('2026-07-01T00:00:00Z'));
});

describe('sleeping', () => {
  it('ends when the time has come', async () => {
    const clock = createFakeClock(start);
    const slept = sleep(clock, seconds(5));
    await clock.advance(seconds(5));
    await slept;
    expect(clock.timers()).toBe(0);
  });

  it('is cut short by a signal, and leaves no timer', async () => {
    const clock = createFakeClock(start);
    const stop = new AbortController();
    const slept = sleep(clock, days(1), stop.signal);
    stop.abort(new Error('enough'));
    await expect(slept).rejects.toThrow('enough');
    expect(clock.timers()).toBe(0);
    await expect(sleep(clock, 1, stop.signal)).rejects.toThrow('enough');
  });

  it('of the machine can be cancelled, and longer than its timers can count', () => {
    const called = vi.fn();
    vi.useFakeTimers({ now: 0 });
    try {
      systemClock.after(seconds(5), called)();
      systemClock.after(days(40), called);
      vi.advanceTimersByTime(days(39));
      expect(called).not.toHaveBeenCalled();
      vi.advanceTimersByTime(days(1));
      expect(called).toHaveBeenCalledTimes(1);
    } finally {
      vi.useRealTimers();
    }
  });
});
