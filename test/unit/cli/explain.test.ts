import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { exitCodes } from '../../../src/cli/exit.ts';
import { runProgram } from '../../../src/cli/program.ts';
import { verbs } from '../../../src/cli/verbs.ts';
import { systemClock } from '../../../src/clock.ts';
import { certificate, certificateKey } from '../../support/certificate.ts';
import { paper, stdinOf } from './fixtures.ts';

const dir = mkdtempSync(join(tmpdir(), 'kubeconfig-'));
const servers: Server[] = [];
const addresses = { refusing: '', unknown: '', strange: '', gone: '' };

async function listen(server: Server, scheme: string): Promise<string> {
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** An API server that answers everything with this status. */
const answering =
  (code: number, reason: string, message: string): RequestListener =>
  (_, response) => {
    response.writeHead(code, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ kind: 'Status', code, reason, message }));
  };

beforeAll(async () => {
  addresses.unknown = await listen(createServer(answering(401, 'Unauthorized', 'Unauthorized')), 'http');
  const no = 'squareconnections.square-operator.dev is forbidden: User "jane" cannot list resource "squareconnections"';
  addresses.refusing = await listen(createServer(answering(403, 'Forbidden', no)), 'http');
  addresses.strange = await listen(createTlsServer({ cert: certificate, key: certificateKey }), 'https');
  const closed = createServer();
  addresses.gone = await listen(closed, 'https');
  await new Promise((done) => closed.close(done));
});
afterAll(() => {
  for (const server of servers) server.close();
  rmSync(dir, { recursive: true });
});

interface Wish {
  readonly server?: string;
  readonly user?: object;
  readonly cluster?: string;
  readonly current?: string;
}

const config = ({
  server = 'https://127.0.0.1:1',
  user = { token: 'EAAAtok3n' },
  cluster = 'c',
  current = 'x',
}: Wish) =>
  JSON.stringify({
    clusters: [{ name: 'c', cluster: { server } }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'x', context: { cluster, user: 'u' } }],
    'current-context': current,
  });
const exec = (script: string, command = process.execPath) => ({
  exec: {
    apiVersion: 'client.authentication.k8s.io/v1',
    command,
    args: ['-e', script],
    installHint: 'Install it from example.com.',
  },
});

/** `undefined`: there is no file. */
const faults: readonly (readonly [title: string, text: () => string | undefined, says: string, helps: string])[] = [
  ['no file', () => undefined, 'FILE cannot be read: there is no such file.', 'Write another --kubeconfig'],
  ['an empty file', () => '', 'FILE cannot be read: ', 'Write another --kubeconfig'],
  [
    'no YAML, in which a token stands',
    () => 'users: [{token: EAAAtok3n}\n - {',
    'FILE cannot be read: ',
    'Write another --kubeconfig',
  ],
  ['something else', () => '{}', 'has no contexts.', 'Write another --kubeconfig'],
  ['no current context', () => config({ current: '' }), 'has no current context (it has x)', '--context'],
  ['a context that is not there', () => config({ current: 'y' }), 'has no context "y" (it has x).', '--context'],
  ['a context without its cluster', () => config({ cluster: 'd' }), 'names the cluster "d"', '--context'],
  ['a server that is no URL', () => config({ server: 'here' }), 'the server "here", which is no URL.', '--kubeconfig'],
  ['nobody listens', () => config({ server: addresses.gone }), 'ECONNREFUSED', 'Nothing listens there'],
  ['an unknown authority', () => config({ server: addresses.strange }), 'self-signed', 'certificate-authority-data'],
  ['credentials that ended', () => config({ server: addresses.unknown }), '(401)', 'Log in again'],
  ['no right', () => config({ server: addresses.refusing }), 'User "jane" cannot list', 'Ask for that right'],
  [
    'a program that wants a login',
    () => config({ user: exec('console.error("session expired"); process.exit(1)') }),
    'failed: session expired.',
    'Log in again',
  ],
  [
    'a program that is not there',
    () => config({ user: exec('', join(dir, 'nowhere')) }),
    'is not installed. Install it from example.com.',
    'Log in again',
  ],
  [
    'a program that prints a token alone',
    () => config({ user: exec('console.log("EAAAtok3n")') }),
    'printed no ExecCredential.',
    'Log in again',
  ],
];

test.each(faults)('%s: says what is wrong and what helps, in two lines', async (title, text, says, helps) => {
  const file = join(dir, title.replaceAll(' ', '-'));
  const content = text();
  if (content !== undefined) writeFileSync(file, content);
  const [stdout, stderr] = [paper(), paper()];
  const around = { stdin: stdinOf(''), stdout, stderr, env: {}, clock: systemClock };
  const args = ['list', '--kubeconfig', file];
  const code = await runProgram(args, verbs, { ...around, signal: new AbortController().signal });
  expect(stdout.text).toBe('');
  const [what = '', remedy = '', ...rest] = stderr.text.split('\n');
  expect(what).toMatch(/^Error: [A-Z].*[^.]\.$/);
  expect(what).toContain(says.replace('FILE', file));
  expect(remedy).toContain(helps);
  expect(rest).toEqual(['']);
  expect(stderr.text).not.toContain('EAAAtok3n');
  expect(code).toBe(exitCodes.error.code);
});
