import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

/**
 * Below the ports that systems give to outgoing connections and to whoever listens on port 0 (Linux from 32768, others
 * from 49152): of those, one that was free a moment ago is often taken a moment later.
 */
const [first, blocks, blockSize] = [20_000, 200, 50];

let claimed: Promise<number> | undefined;
let given = 0;

/**
 * A port of 127.0.0.1 that nobody listens on. Each process takes its ports from a block of its own, one after the other, so
 * that no two that ask at the same time are given the same one.
 */
export async function freePort(): Promise<number> {
  const block = await (claimed ??= claimBlock());
  for (let tries = 1; tries < blockSize; tries++) {
    const port = block + 1 + (given++ % (blockSize - 1));
    const server = await listen(port);
    if (server === undefined) continue;
    server.close();
    await once(server, 'close');
    return port;
  }
  throw new Error(`no port from ${block + 1} to ${block + blockSize - 1} is free`);
}

/** A block is claimed by listening on its first port until the process ends, however that happens. */
async function claimBlock(): Promise<number> {
  const begin = Math.floor(Math.random() * blocks);
  for (let n = 0; n < blocks; n++) {
    const block = first + ((begin + n) % blocks) * blockSize;
    const server = await listen(block);
    if (server === undefined) continue;
    server.unref();
    return block;
  }
  throw new Error(`every block of ports from ${first} on is claimed`);
}

/** `undefined`: somebody else does. */
async function listen(port: number): Promise<Server | undefined> {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return server;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return undefined;
    throw error;
  }
}
