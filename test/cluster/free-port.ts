import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Below the ports that systems give to outgoing connections and to whoever listens on port 0 (Linux from 32768, others
 * from 49152): of those, one that was free a moment ago is often taken a moment later.
 */
const [first, count] = [20_000, 10_000];

/** A port of 127.0.0.1 that was free a moment ago. Another program may take it first: be ready to ask again. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = first + Math.floor(Math.random() * count);
    const server = createServer();
    try {
      server.listen(port, '127.0.0.1');
      await once(server, 'listening');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') continue;
      throw error;
    }
    server.close();
    await once(server, 'close');
    return port;
  }
}
