import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rename, rm, rmdir, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { seconds, systemClock } from '../../../src/clock.ts';
import { type Log, silentLog } from '../../../src/kube/log.ts';
import { JournalUnwritable, openJournal } from '../../../src/secrets/journal.ts';
import { podIn, self, stateSeenBy } from '../../../src/secrets/journal-owner.ts';
import { createFakeClock, type FakeClock } from '../../support/clock.ts';

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

/** Files take real time, whatever the clock says: what was set going is done when its timers are set again. */
const pass = async (clock: FakeClock, turns: number) => {
  const timers = clock.timers();
  for (let turn = 0; turn < turns; turn++) {
    await clock.advance(seconds(5));
    while (clock.timers() < timers) await new Promise((resolve) => setImmediate(resolve));
  }
};

/** A log that keeps the paths that it warned of. */
function aLog(): { readonly log: Log; readonly warned: unknown[] } {
  const warned: unknown[] = [];
  const warn = (fields: object) => void warned.push((fields as { path?: unknown }).path);
  return { log: { ...silentLog, warn }, warned };
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

  test('gives no page where there is room for a part of it alone, and leaves nothing of it', async () => {
    const module = join(import.meta.dirname, '../../../src/secrets/journal.ts');
    const clock = join(import.meta.dirname, '../../../src/clock.ts');
    const script = `
      const { openJournal } = await import(${JSON.stringify(module)});
      const { systemClock } = await import(${JSON.stringify(clock)});
      const journal = await openJournal(${JSON.stringify(root)}, systemClock);
      const told = await journal.page('a1').then(() => 'a page', ({ code }) => code);
      process.stdout.write(journal.holder + ' ' + told);
      process.exit();`;
    // No file gets larger than two or four KiB, by whichever shell: the file system takes the first part of a write, no more.
    const limited = ['-c', 'ulimit -f 4; exec "$0" "$@"', process.execPath, '--input-type=module', '-e', script];
    const child = spawn('sh', limited, { stdio: ['ignore', 'pipe', 'inherit'] });
    const [said] = await Promise.all([child.stdout.toArray(), once(child, 'exit')]);
    const [holder = '', told] = Buffer.concat(said).toString().split(' ');
    expect(told).toBe('JournalUnwritable');
    expect(await files(join(root, holder))).toEqual([]);
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

  test('hands over what was written and not renamed any more, and no page that is torn', async () => {
    const header = Buffer.from('{"alg":"dir"}').toString('base64url');
    const jwe = `${header}..${'b'.repeat(16)}.${'c'.repeat(900)}.${'A'.repeat(22)}`;
    const room = '\0'.repeat(8_192);
    const directory = await leftByADeadProcess({
      'a1.draft': jwe,
      'a2.draft': jwe + room.slice(jwe.length),
      'a3.draft': room,
      'a4.draft': jwe.slice(0, 500) + room.slice(500),
    });
    const journal = await openJournal(root, systemClock);
    expect(journal.left.map(({ text }) => text)).toEqual([jwe, jwe]);
    expect(await files(directory)).toEqual(['a1.draft', 'a2.draft']);
    await journal.close();
    const next = await openJournal(root, systemClock);
    expect(next.left).toHaveLength(2);
    await Promise.all(next.left.map((entry) => entry.discard()));
    expect(await files(directory)).toEqual([]);
  });

  test('hands over again what nobody discarded', async () => {
    await leftByADeadProcess({ 'a1.jwe': 'first' });
    await (await openJournal(root, systemClock)).close();
    const again = await openJournal(root, systemClock);
    expect(again.left.map(({ text }) => text)).toEqual(['first']);
  });

  test('leaves a page that has its answer after the end where the next process finds it', async () => {
    const journal = await openJournal(root, systemClock);
    const page = await journal.page('a1');
    await journal.close();
    await page.keep('sealed text');
    expect((await readdir(join(root, journal.holder))).sort()).toEqual(['a1.jwe', 'owner.json']);
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

  test('hands over what can be read, tells once what cannot, and hands that over when it can', async () => {
    const directory = await leftByADeadProcess({ 'a1.jwe': 'first' });
    const [unread, told] = [join(directory, 'a2.jwe'), aLog()];
    // Reading a directory fails whoever asks.
    await mkdir(unread);
    const clock = createFakeClock();
    const journal = await openJournal(root, clock, told.log);
    expect(journal.left.map(({ text }) => text)).toEqual(['first']);
    expect(journal.isDead('dead')).toBe(false);
    const taken: string[] = [];
    journal.follow(async (left) => void taken.push(...left.map(({ text }) => text)));
    await pass(clock, 20);
    expect(taken).toEqual([]);
    expect(told.warned).toEqual([unread]);
    await rmdir(unread);
    await writeFile(unread, 'second');
    await pass(clock, 4);
    expect(taken).toEqual(['second']);
    await journal.close();
  });

  test('keeps a draft that cannot be read', async () => {
    const directory = await leftByADeadProcess({});
    await mkdir(join(directory, 'a1.draft'));
    await (await openJournal(root, systemClock)).close();
    expect(await files(directory)).toEqual(['a1.draft']);
  });

  test('looks again at a process whose owner cannot be read, and is opened all the same', async () => {
    const directory = await leftByADeadProcess({ 'a1.jwe': 'first' });
    const [owner, told] = [join(directory, 'owner.json'), aLog()];
    await rename(owner, join(root, 'aside'));
    await mkdir(owner);
    const clock = createFakeClock();
    const journal = await openJournal(root, clock, told.log);
    expect([journal.left, journal.isDead('dead')]).toEqual([[], false]);
    const taken: string[] = [];
    journal.follow(async (left) => void taken.push(...left.map(({ text }) => text)));
    await pass(clock, 10);
    await rmdir(owner);
    await rename(join(root, 'aside'), owner);
    await pass(clock, 10);
    expect(taken).toEqual(['first']);
    expect(told.warned).toEqual([directory]);
    await journal.close();
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

describe('processes of other hosts that share the journal', () => {
  const elsewhere = async (pages: Record<string, string>, owner: object = { host: 'another' }) => {
    const directory = await leftByADeadProcess(pages, 'elsewhere');
    await writeFile(join(directory, 'owner.json'), JSON.stringify({ pid: 1, started: '1', ...owner }));
    return { directory, show: (at: number) => utimes(join(directory, 'owner.json'), new Date(at), new Date(at)) };
  };
  test('are not judged by numbers that mean nothing here', async () => {
    await elsewhere({ 'a1.jwe': 'first' });
    const journal = await openJournal(root, createFakeClock());
    expect(journal.left).toEqual([]);
    expect(journal.isDead('elsewhere')).toBe(false);
  });

  test('leave their answers when they show no life any more, and only then', async () => {
    const { show } = await elsewhere({ 'a1.jwe': 'first' });
    const clock = createFakeClock();
    const journal = await openJournal(root, clock);
    const taken: string[] = [];
    journal.follow(async (left) => void taken.push(...left.map(({ text }) => text)));
    for (let n = 1; n <= 4; n++) {
      await show(n * 1_000);
      await pass(clock, 4);
    }
    expect(taken).toEqual([]);
    await pass(clock, 8);
    expect(taken).toEqual(['first']);
    expect(journal.isDead('elsewhere')).toBe(false);
    await journal.close();
  });

  test('have no answer hidden by a file that cannot be read, which is looked at again', async () => {
    const { directory } = await elsewhere({ 'a1.jwe': 'first' });
    const [unread, told] = [join(directory, 'a2.jwe'), aLog()];
    await mkdir(unread);
    const clock = createFakeClock();
    const journal = await openJournal(root, clock, told.log);
    const taken: string[] = [];
    journal.follow(async (left) => void taken.push(...left.map(({ text }) => text)));
    await pass(clock, 20);
    expect(taken).toEqual(['first']);
    expect(told.warned).toEqual([unread]);
    await rmdir(unread);
    await writeFile(unread, 'second');
    await pass(clock, 4);
    expect(taken).toEqual(['first', 'second']);
    await journal.close();
  });

  test('are handed over again when they could not be taken', async () => {
    await elsewhere({ 'a1.jwe': 'first' });
    const clock = createFakeClock();
    const journal = await openJournal(root, clock);
    let tries = 0;
    journal.follow(() => (++tries < 3 ? Promise.reject(new Error('not now')) : Promise.resolve()));
    await pass(clock, 20);
    expect(tries).toBe(3);
    await journal.close();
  });

  test('are told by the signs of life that each process gives', async () => {
    const clock = createFakeClock(Date.UTC(2026, 6, 1));
    const journal = await openJournal(root, clock);
    await pass(clock, 2);
    const { mtimeMs } = await stat(join(root, journal.holder, 'owner.json'));
    expect(mtimeMs).toBe(Date.UTC(2026, 6, 1) + seconds(10));
    await journal.close();
    expect(clock.timers()).toBe(0);
  });

  test('are not meant by the machine before it was started anew', async () => {
    await elsewhere({ 'a1.jwe': 'first' }, { ...(await self()), boot: 'before' });
    const journal = await openJournal(root, createFakeClock());
    expect(journal.left).toHaveLength(1);
    expect(journal.isDead('elsewhere')).toBe(true);
    await journal.close();
  });
});

describe('a process is told from one of another pod', () => {
  const uid = (n: number) => `0f0f6f5e-0000-4000-8000-00000000000${n}`;
  /** Pods on the network of their node bear its name. */
  const node = { host: 'node-1', boot: 'b', pid: process.pid };
  const one = { ...node, pod: uid(1), among: 'pid:[1]' };

  test.each([
    ['another pod on the same node', { ...one, pod: uid(2), among: 'pid:[2]' }, 'Elsewhere'],
    [
      'another pod of the same name, on another node',
      { ...one, pod: uid(2), boot: 'c', among: 'pid:[2]' },
      'Elsewhere',
    ],
    ['the container before, of this pod', { ...one, among: 'pid:[2]' }, 'Ended'],
    ['this pod before its node was started anew', { ...one, boot: 'before' }, 'Ended'],
    ['something that is in no pod', { ...node, among: 'pid:[2]' }, 'Elsewhere'],
    ['another process of this container that has ended', one, 'Ended'],
  ] as const)('%s', async (_, owner, state) => {
    expect(await stateSeenBy({ ...one, started: '1' }, { started: 'another', ...owner })).toBe(state);
  });

  test('and without pods one container from another, although they bear one name', async () => {
    const here = { ...node, started: '1', among: 'pid:[1]' };
    expect(await stateSeenBy(here, { ...here, among: 'pid:[2]' })).toBe('Elsewhere');
    expect(await stateSeenBy(here, { ...here, host: 'node-2' })).toBe('Elsewhere');
    expect(await stateSeenBy(here, { ...here, boot: 'before' })).toBe('Ended');
  });

  test('by what the kubelet mounts', () => {
    const line = (root: string) => `616 610 8:1 ${root} /etc/hosts rw,relatime - ext4 /dev/sda1 rw`;
    const hosts = line(`/var/lib/kubelet/pods/${uid(1)}/etc-hosts`);
    const log = line(`/var/lib/kubelet/pods/${uid(1)}/containers/operator/0a1b`);
    expect(podIn([hosts, log, line('/')].join('\n'))).toBe(uid(1));
    expect(podIn(line('/'))).toBeUndefined();
    // A cluster in a volume of a pod of another cluster.
    const volume = `/var/lib/kubelet/pods/${uid(3)}/volumes/kubernetes.io~empty-dir/docker`;
    expect(podIn(line(`${volume}/lib/kubelet/pods/${uid(1)}/etc-hosts`))).toBe(uid(1));
    // The mounts of a machine: they are of all its pods.
    expect(podIn([hosts, line(`/var/lib/kubelet/pods/${uid(2)}/etc-hosts`)].join('\n'))).toBeUndefined();
  });
});
