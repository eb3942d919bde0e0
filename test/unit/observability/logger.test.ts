import { describe, expect, test } from 'vitest';
import { token } from '../../../src/domain/token.ts';
import { createLogger, type LogLevel } from '../../../src/observability/logger.ts';
import { createFakeClock } from '../../support/clock.ts';

function create(level: LogLevel = 'info') {
  const lines: string[] = [];
  const clock = createFakeClock(Date.UTC(2026, 6, 1, 9, 30, 0, 125));
  const log = createLogger({ level, clock, write: (line) => void lines.push(line) });
  return { log, lines, parsed: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

const canary = `EAAA${'Canary'.repeat(10)}`;

describe('a line', () => {
  test('is one JSON object with level, time, fields and message', () => {
    const { log, lines, parsed } = create();
    log.info({ namespace: 'shop', name: 'bakery' }, 'token refreshed');
    expect(lines[0]).toMatch(/^\{.*\}\n$/);
    expect(parsed()).toEqual([
      { level: 'info', time: '2026-07-01T09:30:00.125Z', namespace: 'shop', name: 'bakery', msg: 'token refreshed' },
    ]);
  });

  test('below the level is not written', () => {
    const { log, parsed } = create('warn');
    log.debug({}, 'a');
    log.info({}, 'b');
    log.warn({}, 'c');
    log.error({}, 'd');
    expect(parsed().map(({ msg }) => msg)).toEqual(['c', 'd']);
  });

  test('carries the fields of its logger', () => {
    const { log, parsed } = create();
    log.with({ controller: 'connection' }).with({ key: 'shop/bakery' }).info({ step: 'Refresh' }, 'step done');
    expect(parsed()[0]).toMatchObject({ controller: 'connection', key: 'shop/bakery', step: 'Refresh' });
  });

  test('has no name twice', () => {
    const { log, lines, parsed } = create();
    log.info({ time: 'x', level: 'y', msg: 'z' }, 'message');
    expect(parsed()[0]).toMatchObject({ level: 'info', msg: 'message', time_: 'x', level_: 'y', msg_: 'z' });
    expect(lines[0]?.match(/"(time|level|msg)":/g)).toHaveLength(3);
  });

  test('tells an error with its causes', () => {
    const { log, parsed } = create();
    log.error(new Error('outer', { cause: new Error('inner') }), 'pass failed');
    log.error({ error: new Error('alone') }, 'pass failed');
    expect(parsed()[0]).toMatchObject({ error: { message: 'outer', cause: { message: 'inner' } }, msg: 'pass failed' });
    expect(parsed()[1]).toMatchObject({ error: { message: 'alone' } });
  });
});

describe('a secret is in no line', () => {
  const base64 = Buffer.from(canary).toString('base64');
  test.each<[string, object, string]>([
    ['in a token', { token: token(canary) }, 'x'],
    ['in a field', { text: `got ${canary}` }, 'x'],
    ['in a nested field', { a: [{ b: { c: canary } }] }, 'x'],
    ['in a name', { [canary]: 1 }, 'x'],
    ['in an error', { error: new Error(canary, { cause: canary }) }, 'x'],
    ['in base64', { body: { data: { 'access-token': base64 } } }, 'x'],
    ['in bytes', { body: Buffer.from(canary) }, 'x'],
    ['in the message', {}, `got ${canary}`],
    ['in a URL', { url: new URL(`https://x/?access_token=${canary}`) }, 'x'],
  ])('%s', (_, fields, message) => {
    const { log, lines } = create('debug');
    log.debug(fields, message);
    log.with(fields).error({}, message);
    expect(lines).toHaveLength(2);
    for (const line of lines) {
      expect(line).not.toContain('Canary');
      expect(line).not.toContain(base64.slice(8, 24));
      expect(() => JSON.parse(line)).not.toThrow();
    }
  });
});
