import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type FaultSpec, type Faults, faultyReply } from './faults.ts';
import type { Incoming, Reply } from './reply.ts';
import { maskedBody, type RequestEntry, type RequestLog } from './request-log.ts';
import { aboutOf, answer, routeOf } from './square.ts';
import type { Courier } from './webhooks.ts';
import type { World } from './world.ts';

export interface ServerParts {
  readonly world: World;
  readonly faults: Faults;
  readonly log: RequestLog;
  readonly courier: Courier;
  /** Answers below `/_simulator/`. */
  readonly control: (incoming: Incoming) => Promise<Reply>;
}

/** Listens on loopback only; `port` 0 takes a free one. */
export async function listen(parts: ServerParts, port: number): Promise<{ server: Server; port: number }> {
  const dateHeader = createDateHeader(parts.world);
  const server = createServer((request, response) => {
    serve(parts, request, response, dateHeader).catch((error: unknown) => {
      console.error('simulator: a request failed:', error);
      response.destroy();
    });
  });
  server.keepAliveTimeout = 65_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return { server, port: (server.address() as AddressInfo).port };
}

type DateHeader = () => string;

/** `Date` by the simulator's clock; made anew once a second. */
function createDateHeader(world: World): DateHeader {
  let second = Number.NaN;
  let text = '';
  return () => {
    const now = Math.floor(world.clock.now() / 1_000);
    if (now !== second) {
      second = now;
      text = new Date(now * 1_000).toUTCString();
    }
    return text;
  };
}

const bodyLimit = 1_024 * 1_024;

async function read(request: IncomingMessage): Promise<Incoming | undefined> {
  const [path = '/', search = ''] = (request.url ?? '/').split('?', 2);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > bodyLimit) return undefined;
    chunks.push(chunk);
  }
  const body = Buffer.concat(chunks).toString();
  const query = new URLSearchParams(search);
  return { method: request.method ?? 'GET', path, query, headers: request.headers, body, json: objectOf(body) };
}

function objectOf(body: string): Incoming['json'] {
  if (body === '') return undefined;
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

const pause = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));

async function serve(parts: ServerParts, request: IncomingMessage, response: ServerResponse, date: DateHeader) {
  const { world, faults, log, courier } = parts;
  const incoming = await read(request);
  if (incoming === undefined) return void response.destroy();
  if (incoming.path.startsWith('/_simulator/')) return send(response, await parts.control(incoming), date);
  const route = routeOf(incoming);
  const about = route === undefined ? undefined : aboutOf(world, route.endpoint, incoming);
  const fault = about === undefined ? undefined : faults.strike(about);
  const wait = (route === undefined ? 0 : (world.settings().latency[route.endpoint] ?? 0)) + (fault?.delay ?? 0);
  if (wait > 0) await pause(wait);
  const events = world.deliveries.size;
  const played = play(world, fault, () => answer(world, route, incoming));
  log.add(entryOf(world, incoming, about, played.outcome));
  if (world.deliveries.size !== events) courier.look();
  finish(response, played, date);
}

type Played = { readonly reply: Reply | undefined; readonly outcome: RequestEntry['outcome'] };

/** Carries a request out as its fault allows, and notes in the ledger when the true answer was kept back. */
function play(world: World, fault: FaultSpec | undefined, truth: () => Reply): Played {
  const effect = fault?.effect;
  if (effect === undefined || effect.kind === 'delay') {
    const reply = truth();
    return { reply, outcome: reply.status };
  }
  const carriedOut = effect.kind === 'truncate' || effect.when === 'after' ? truth() : undefined;
  const entry = carriedOut?.tokenRequest === undefined ? undefined : String(carriedOut.tokenRequest);
  const row = entry === undefined ? undefined : world.tokenRequests.get(entry);
  if (entry !== undefined && row !== undefined) world.tokenRequests.put(entry, { ...row, answered: false });
  if (effect.kind === 'answer') return { reply: faultyReply(effect), outcome: effect.status };
  const outcome = ({ truncate: 'truncated', hang: 'hung', drop: 'dropped' } as const)[effect.kind];
  return { reply: carriedOut, outcome };
}

function finish(response: ServerResponse, { reply, outcome }: Played, date: DateHeader): void {
  if (outcome === 'hung') return;
  if (reply === undefined || outcome === 'dropped') return void response.destroy();
  if (outcome !== 'truncated') return send(response, reply, date);
  const length = Buffer.byteLength(reply.body);
  response.writeHead(reply.status, { date: date(), ...reply.headers, 'content-length': length });
  response.write(reply.body.slice(0, Math.floor(reply.body.length / 2)), () => response.socket?.destroySoon());
}

function send(response: ServerResponse, reply: Reply, date: DateHeader): void {
  const length = Buffer.byteLength(reply.body);
  response.writeHead(reply.status, { date: date(), ...reply.headers, 'content-length': length });
  response.end(reply.body);
}

function entryOf(
  world: World,
  incoming: Incoming,
  about: ReturnType<typeof aboutOf> | undefined,
  outcome: RequestEntry['outcome'],
): RequestEntry {
  const { headers } = incoming;
  const entry = {
    at: world.clock.now(),
    method: incoming.method,
    path: incoming.path,
    ...about,
    authorization: headers.authorization?.split(' ', 1)[0],
    squareVersion: headers['square-version'],
    userAgent: headers['user-agent'],
    body: maskedBody(incoming),
    outcome,
  };
  return Object.fromEntries(
    Object.entries(entry).filter(([, value]) => value !== undefined),
  ) as unknown as RequestEntry;
}
