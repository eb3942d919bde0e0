// The Square of the benchmarks, in a process of its own: it answers at once but for a fixed delay, and counts.
// It sends its port to the process that started it, and ends with it.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

/** What was asked of it so far. */
export interface SquareCounts {
  readonly tokens: number;
  readonly locations: number;
  /** Wall clock in milliseconds; absent before the first call. */
  readonly firstCallAt?: number;
}

/** Milliseconds from the question to the answer. */
const delays = { token: 20, locations: 10 };
const day = 86_400_000;
const lifetime = 30 * day;

let tokens = 0;
let locations = 0;
let firstCallAt: number | undefined;
/** How far its clock is ahead. */
let ahead = 0;

const merchantOf = (refreshToken: string): string => `ML${refreshToken.slice(-11)}`;
const sellerOf = ({ headers }: IncomingMessage): string =>
  (headers.authorization ?? '').slice('Bearer EAAA'.length, 24);

async function answer(request: IncomingMessage): Promise<object | undefined> {
  const body = await textOf(request);
  switch (`${request.method} ${request.url}`) {
    case 'POST /oauth2/token':
      return await issue((JSON.parse(body) as { refresh_token: string }).refresh_token);
    case 'POST /oauth2/token/status':
      return { scopes: ['MERCHANT_PROFILE_READ'], client_id: 'sq0idp-bench', merchant_id: sellerOf(request) };
    case 'GET /v2/merchants/me':
      return { merchant: { id: sellerOf(request), business_name: 'Bench', country: 'US', status: 'ACTIVE' } };
    case 'GET /v2/locations': {
      locations += 1;
      await pause(delays.locations);
      return { locations: ['L1', 'L2'].map((id) => ({ id, merchant_id: sellerOf(request), status: 'ACTIVE' })) };
    }
    default:
      return undefined;
  }
}

async function issue(refreshToken: string): Promise<object> {
  tokens += 1;
  const serial = tokens;
  await pause(delays.token);
  const merchant = merchantOf(refreshToken);
  return {
    access_token: `EAAA${merchant}${String(serial).padStart(47, '0')}`,
    token_type: 'bearer',
    expires_at: new Date(now() + lifetime).toISOString(),
    merchant_id: merchant,
    refresh_token: refreshToken,
    short_lived: false,
  };
}

const now = (): number => Date.now() + ahead;

async function textOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString('utf8');
}

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  firstCallAt ??= Date.now();
  const object = await answer(request);
  response.setHeader('date', new Date(now()).toUTCString());
  response.setHeader('content-type', 'application/json');
  response.writeHead(object === undefined ? 404 : 200).end(JSON.stringify(object ?? {}));
}

const server = createServer((request, response) => void serve(request, response));
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
process.on('message', (order: 'counts' | 'forgetFirstCall' | { readonly advance: number }) => {
  if (order === 'counts') process.send?.({ tokens, locations, ...(firstCallAt !== undefined && { firstCallAt }) });
  else if (order === 'forgetFirstCall') firstCallAt = undefined;
  else ahead += order.advance;
});
process.on('disconnect', () => process.exit());
