import type { KubeConfig } from '@kubernetes/client-node';
import { Agent, type Dispatcher, request } from 'undici';

/** What the API server said. */
export interface Answer {
  readonly status: number;
  /** The JSON of the body, or its text where it is not JSON. */
  readonly body: unknown;
}

export interface SendOptions {
  readonly body?: unknown;
  /** `application/json` unless said otherwise. A `body` that is a string is sent as it is. */
  readonly contentType?: string;
  /** Names in lower case; one of the authentication's names replaces it. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** A plain client of one API server, for setting the scene and for looking at it; it knows no resource. */
export interface Api {
  readonly server: string;
  send(method: Dispatcher.HttpMethod, path: string, options?: SendOptions): Promise<Answer>;
  /** Like `send`, but throws unless the answer is a 2xx, and gives its body. */
  ask<T = unknown>(method: Dispatcher.HttpMethod, path: string, options?: SendOptions): Promise<T>;
  close(): Promise<void>;
}

/** Opens the current context of a kubeconfig file, with whatever authentication it names. */
export async function openApi(kubeconfig: string): Promise<Api> {
  // Only here, for it takes most of a second to load.
  const { KubeConfig } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const cluster = config.getCurrentCluster();
  if (!cluster) throw new Error(`${kubeconfig} has no current context that names a cluster.`);
  return connectApi({ server: cluster.server.replace(/\/$/, ''), ...(await authenticate(config)) });
}

export interface Connection {
  readonly server: string;
  /** Sent with each request: the authentication. */
  readonly headers: Readonly<Record<string, string>>;
  /** Closed with the client. */
  readonly dispatcher: Dispatcher;
}

export function connectApi({ server, headers, dispatcher }: Connection): Api {
  const send = async (method: Dispatcher.HttpMethod, path: string, options: SendOptions = {}): Promise<Answer> => {
    const { body, contentType = 'application/json', signal } = options;
    const answer = await request(server + path, {
      method,
      dispatcher,
      headers: { ...headers, ...(body === undefined ? {} : { 'content-type': contentType }), ...options.headers },
      body: body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body),
      ...(signal && { signal }),
    });
    return { status: answer.statusCode, body: parsed(await answer.body.text()) };
  };
  return {
    server,
    send,
    async ask<T>(method: Dispatcher.HttpMethod, path: string, options?: SendOptions) {
      const { status, body } = await send(method, path, options);
      if (status >= 200 && status < 300) return body as T;
      throw new Error(`${method} ${path}: ${status} ${messageOf(body)}`);
    },
    close: () => dispatcher.close(),
  };
}

/** Taken once: the package makes a new agent, so a new connection, each time that it is asked. */
async function authenticate(config: KubeConfig): Promise<{ headers: Record<string, string>; dispatcher: Dispatcher }> {
  const headers: Record<string, string> = {};
  let dispatcher: Dispatcher | undefined;
  const context = {
    setHeaderParam(name: string, value: string) {
      headers[name.toLowerCase()] = value;
    },
    setDispatcher(agent: Dispatcher) {
      dispatcher = agent;
    },
  };
  await config.applySecurityAuthentication(
    context as unknown as Parameters<typeof config.applySecurityAuthentication>[0],
  );
  return { headers, dispatcher: dispatcher ?? new Agent() };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function messageOf(body: unknown): string {
  return typeof body === 'object' && body !== null && 'message' in body ? String(body.message) : '';
}
