import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import { JournalUnwritable, openJournal } from '../../../src/secrets/journal.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'square-operator-journal-test-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** A journal as a process leaves it that was killed after it had kept these answers. */
async function leftByADeadProcess(pages: Record<string, string>, holder = 'dead'): Promise<string> {
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'exit');
  const directory = join(root, holder);
  await mkdir(directory);
  await writeFile(join(directory, 'owner.json'), JSON.stringify({ pid: child.pid, started: '1' }));
  for (const [name, text] of Object.entries(pages)) await writeFile(join(directory, name), text);
  return directory;
}

const files = async (directory: string) => (await readdir(directory)).filter((name) => name !== 'owner.json').sort();

describe('the journal', () => {
  test('keeps a text where the next process finds it, and nobody else may read it', async () => {
    const journal = await openJournal(root, systemClock);
    const page = await journal.page('a1');
    await page.keep('sealed text');
    const directory = join(root, journal.holder);
    expect(await files(directory)).toEqual(['a1.jwe']);
    expect((await stat(join(directory, 'a1.jwe'))).mode & 0o777).toBe(0o600);
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
    await page.discard();
    expect(await files(directory)).toEqual([]);
    await journal.close();
    expect(await readdir(root)).toEqual([]);
  });

  test('keeps a text that is longer than the room that was taken for it', async () => {
    const journal = await openJournal(root, systemClock);
    const text = 'x'.repeat(100_000);
    await (await journal.page('a1')).keep(text);
    const { size } = await stat(join(root, journal.holder, 'a1.jwe'));
    expect(size).toBe(text.length);
  });

  test('leaves nothing of a page that nothing came of', async () => {
    const journal = await openJournal(root, systemClock);
    const page = await journal.page('a1');
    await page.discard();
    await page.discard();
    expect(await files(join(root, journal.holder))).toEqual([]);
  });

  test('hands over what a dead process left, without its drafts, and knows that it is dead', async () => {
    const directory = await leftByADeadProcess({ 'a1.jwe': 'first', 'a2.jwe': 'second', 'a3.draft': 'half' });
    const journal = await openJournal(root, systemClock);
    expect(journal.left.map(({ text }) => text).sort()).toEqual(['first', 'second']);
    expect([journal.isDead('dead'), journal.isDead(journal.holder), journal.isDead('unheard of')]).toEqual([
      true,
      false,
      false,
    ]);
    await Promise.all(journal.left.map((entry) => entry.discard()));
    expect(await files(directory)).toEqual([]);
  });

  test('hands over again what nobody discarded', async () => {
    await leftByADeadProcess({ 'a1.jwe': 'first' });
    await (await openJournal(root, systemClock)).close();
    const again = await openJournal(root, systemClock);
    expect(again.left.map(({ text }) => text)).toEqual(['first']);
  });

  test('takes nothing from a process that lives', async () => {
    const living = await openJournal(root, systemClock);
    await (await living.page('a1')).keep('of the living');
    const other = await openJournal(root, systemClock);
    expect(other.left).toEqual([]);
    expect(other.isDead(living.holder)).toBe(false);
  });

  test('takes a number that another process has by now for no sign of life', async () => {
    const directory = join(root, 'reused');
    await mkdir(directory);
    await writeFile(join(directory, 'owner.json'), JSON.stringify({ pid: process.pid, started: 'another time' }));
    await writeFile(join(directory, 'a1.jwe'), 'first');
    expect((await openJournal(root, systemClock)).left).toHaveLength(1);
  });

  test('forgets the names of the dead after a day, when nothing of theirs is left', async () => {
    const directory = await leftByADeadProcess({});
    await openJournal(root, systemClock);
    expect(await readdir(root)).toContain('dead');
    const yesterday = new Date(Date.now() - 25 * 3_600_000);
    await utimes(join(directory, 'owner.json'), yesterday, yesterday);
    await openJournal(root, systemClock);
    expect(await readdir(root)).not.toContain('dead');
  });

  test('that cannot be written says so, and what to do', async () => {
    const file = join(root, 'a file');
    await writeFile(file, '');
    const opening = openJournal(join(file, 'below'), systemClock);
    await expect(opening).rejects.toThrow(JournalUnwritable);
    await expect(opening).rejects.toThrow(/cannot be written.*give --journal-dir/);
  });

  test('gives no page when its directory has gone', async () => {
    const journal = await openJournal(root, systemClock);
    await rm(join(root, journal.holder), { recursive: true });
    await expect(journal.page('a1')).rejects.toThrow(JournalUnwritable);
  });
});
