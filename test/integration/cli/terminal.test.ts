import { spawn, spawnSync } from 'node:child_process';
import { dirname } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { expect } from 'vitest';
import { findKubectl } from '../../cluster/kubectl.ts';
import { kubeconfig } from '../../support/cluster.ts';
import { testUnless } from '../../support/needs.ts';
import { pluginSuite } from '../../support/plugin-suite.ts';

const lack = spawnSync('script', ['--version']).status === 0 ? undefined : 'no program script (bsdutils)';

interface Session {
  /** Everything that stood on the terminal, control characters and all. */
  readonly seen: () => string;
  readonly type: (text: string) => void;
  readonly ended: Promise<number | null>;
}

pluginSuite('kubectl square at a terminal', {}, ({ world, scene, plugin }) => {
  /** A terminal of so many columns, in which this is called. */
  async function terminal(columns: number, ...args: readonly string[]): Promise<Session> {
    const kubectl = await findKubectl({ line() {}, progress() {} });
    const where = ['-n', world.namespace, '--operator-namespace', world.operatorNamespace];
    const command = [kubectl, 'square', ...args, ...where].join(' ');
    const child = spawn('script', ['-qec', `stty cols ${columns} rows 40; ${command}`, '/dev/null'], {
      env: {
        PATH: [plugin.dir, dirname(process.execPath), process.env['PATH']].join(':'),
        KUBECONFIG: kubeconfig(),
        HOME: plugin.dir,
        TERM: 'xterm',
      },
    });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      text += part;
      plugin.written.push(part);
    });
    const ended = new Promise<number | null>((done) => child.once('close', done));
    return { seen: () => text, type: (keys) => void child.stdin.write(keys), ended };
  }
  const shows = (session: Session, what: string) =>
    world.live.until(`it shows ${what}`, () => session.seen().includes(what));

  testUnless(
    lack,
    'colours are shown, lines end where the terminal does, and bulk work shows its progress',
    async () => {
      const metadata = { labels: { app: 'pos' } };
      await Promise.all(['a', 'b', 'c', 'd'].map((name) => scene.connected({ name: `store-${name}`, metadata })));
      const page = await terminal(80, 'status', 'store-a');
      expect(await page.ended).toBe(0);
      expect(page.seen()).toContain('\u001b[32mValid (Ready True)\u001b[39m');
      const widths = stripVTControlCharacters(page.seen())
        .split(/\r?\n/)
        .map((line) => line.length);
      expect(Math.max(...widths)).toBeLessThanOrEqual(80);
      const plain = await terminal(80, 'status', 'store-a', '--no-color');
      await plain.ended;
      expect(plain.seen()).not.toContain('\u001b[3');
      const bulk = await terminal(80, 'refresh', '-l', 'app=pos');
      expect(await bulk.ended).toBe(0);
      expect(bulk.seen()).toMatch(/refreshed 0 of 4/);
      expect(bulk.seen()).toMatch(/refreshed 3 of 4/);
      expect(stripVTControlCharacters(bulk.seen())).toMatch(/4 refreshed\.\r?\n$/);
    },
    60_000,
  );

  testUnless(
    lack,
    'several disconnects are asked about: no ends nothing, yes ends them',
    async () => {
      const parties = await Promise.all(['one', 'two'].map((name) => scene.connected({ name })));
      const first = await terminal(100, 'disconnect', 'one', 'two');
      await shows(first, '[y/N] ');
      first.type('n\n');
      expect(await first.ended).toBe(1);
      expect(first.seen()).toContain('Nothing was asked for.');
      expect(parties.flatMap((party) => scene.revocations(party))).toEqual([]);
      const second = await terminal(100, 'disconnect', 'one', 'two');
      await shows(second, '[y/N] ');
      second.type('y\n');
      expect(await second.ended).toBe(0);
      expect(parties.map((party) => scene.revocations(party).length)).toEqual([1, 1]);
    },
    60_000,
  );

  testUnless(
    lack,
    'a credential is asked for and not shown, and Ctrl-C seals nothing',
    async () => {
      await scene.application('pos');
      const question = 'Credential of ';
      const typed = await terminal(100, 'seal', 'bakery', '--application', 'pos');
      await shows(typed, question);
      typed.type('EQAAtypedvaluX\u007feThatIsNotShown\r');
      expect(await typed.ended).toBe(0);
      expect(typed.seen()).toMatch(/[\w-]+(\.[\w-]+){4}/);
      expect(typed.seen()).not.toContain('typedval');
      const left = await terminal(100, 'seal', 'bakery', '--application', 'pos');
      await shows(left, question);
      left.type('\u0003');
      expect(await left.ended).toBe(130);
      expect(left.seen()).not.toMatch(/[\w-]+(\.[\w-]+){4}/);
    },
    60_000,
  );
});
