import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { setImmediate } from 'node:timers/promises';
import { textFormat } from './exposition.ts';
import { type Listening, type ListenOptions, listen } from './listen.ts';
import type { Metrics } from './port.ts';

export interface MetricsServerOptions extends ListenOptions {
  readonly metrics: Pick<Metrics, 'scrape'>;
  /** Told when a scrape failed: 500, or cut off midway so that half an answer is not taken for a whole one. */
  readonly onError: (error: unknown) => void;
}

/** Serves `/metrics`. Other work goes on between the pieces of a large answer. */
export function serveMetrics(options: MetricsServerOptions): Promise<Listening> {
  const { metrics, onError } = options;
  return listen(options, (request, response) => {
    const path = request.url?.split('?')[0];
    if (path !== '/metrics') {
      response.writeHead(404).end();
    } else if (request.method !== 'GET') {
      response.writeHead(405, { allow: 'GET' }).end();
    } else {
      write(response, metrics.scrape()).catch((error: unknown) => {
        if (response.closed) return;
        if (response.headersSent) response.destroy();
        else response.writeHead(500).end();
        onError(error);
      });
    }
  });
}

async function write(response: ServerResponse, pieces: AsyncGenerator<string>): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  for await (const piece of pieces) {
    if (gone.signal.aborted) return;
    if (!response.headersSent) response.setHeader('content-type', textFormat);
    if (!response.write(piece)) await once(response, 'drain', { signal: gone.signal });
    await setImmediate();
  }
  response.end();
}
