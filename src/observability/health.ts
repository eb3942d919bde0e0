import { type Listening, type ListenOptions, listen } from './listen.ts';

/** What is wrong, or `undefined` when nothing is. Quick, and never throws. Holds no secret. */
export type Check = () => string | undefined;

export interface Checks {
  /** Whether a restart would help. */
  readonly healthz: Readonly<Record<string, Check>>;
  /** Whether the process does its work. */
  readonly readyz: Readonly<Record<string, Check>>;
}

export interface HealthReport {
  readonly ok: boolean;
  /** For people; the shape is that of the API server's own (Kubernetes, "API health endpoints"). */
  readonly text: string;
}

/** Runs the checks of one endpoint but those excluded. All are listed when one fails or `verbose` is asked for. */
export function report(
  endpoint: string,
  checks: Readonly<Record<string, Check>>,
  { verbose = false, exclude = [] }: { verbose?: boolean; exclude?: readonly string[] } = {},
): HealthReport {
  let ok = true;
  const lines = Object.entries(checks).map(([name, check]) => {
    if (exclude.includes(name)) return `[+]${name} excluded: ok`;
    const problem = check();
    ok &&= problem === undefined;
    return problem === undefined ? `[+]${name} ok` : `[-]${name} failed: ${problem}`;
  });
  if (ok && !verbose) return { ok, text: 'ok' };
  const verdict = `${endpoint} check ${ok ? 'passed' : 'failed'}`;
  return { ok, text: `${[...lines, verdict].join('\n')}\n` };
}

/**
 * Serves `/healthz` and `/readyz`, with `?verbose` and `?exclude=NAME`, and each check alone as `/readyz/NAME`: 200, or
 * 500 when a check fails.
 */
export function serveHealth(options: ListenOptions, checks: Checks): Promise<Listening> {
  return listen(options, (request, response) => {
    const url = URL.parse(request.url ?? '/', 'http://localhost');
    const [, endpoint = '', name, ...more] = url?.pathname.split('/') ?? [];
    const all = endpoint === 'healthz' || endpoint === 'readyz' ? checks[endpoint] : undefined;
    const asked = all && (name === undefined ? all : only(all, name));
    if (url === null || asked === undefined || more.length > 0) {
      response.writeHead(404).end();
    } else if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.writeHead(405, { allow: 'GET, HEAD' }).end();
    } else {
      const verbose = url.searchParams.has('verbose');
      const { ok, text } = report(endpoint, asked, { verbose, exclude: url.searchParams.getAll('exclude') });
      response.writeHead(ok ? 200 : 500, plainText).end(text);
    }
  });
}

const plainText = { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' };

function only(checks: Readonly<Record<string, Check>>, name: string): Readonly<Record<string, Check>> | undefined {
  const check = Object.hasOwn(checks, name) ? checks[name] : undefined;
  return check && { [name]: check };
}
