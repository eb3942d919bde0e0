import { apiError } from './errors.ts';
import { html, json, type Reply } from './reply.ts';
import type { Endpoint } from './settings.ts';

/** What a fault does. `when: 'after'` lets the state change happen first: the answer is what goes wrong. */
export type Effect =
  | {
      readonly kind: 'answer';
      readonly when?: 'before' | 'after';
      readonly status: number;
      /** V1 and V2 are Square's; HTML, Empty and Raw are of whatever stands before it. Default V2. */
      readonly shape?: 'V1' | 'V2' | 'OAuth' | 'HTML' | 'Empty' | 'Raw';
      /** V2 code, V1 type or OAuth error. */
      readonly code?: string;
      readonly category?: string;
      readonly message?: string;
      /** With `Raw`. */
      readonly body?: string;
      readonly contentType?: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** The connection ends without an answer. */
  | { readonly kind: 'drop'; readonly when: 'before' | 'after' }
  /** The connection ends in the middle of the answer's body, after the state change. */
  | { readonly kind: 'truncate' }
  /** No answer ever, and no end; the state change happens first with `after`. */
  | { readonly kind: 'hang'; readonly when: 'before' | 'after' }
  /** Only slow. */
  | { readonly kind: 'delay' };

export interface FaultSpec {
  readonly endpoint: Endpoint | 'any';
  readonly effect: Effect;
  readonly clientID?: string;
  readonly merchantID?: string;
  readonly grantType?: string;
  /** How often it strikes; without it always. */
  readonly times?: number;
  /** How many matching requests pass first. */
  readonly skip?: number;
  /** Real milliseconds before the request is looked at. */
  readonly delay?: number;
}

/** What a request is about, as far as it can be told before it is carried out. */
export interface About {
  readonly endpoint: Endpoint;
  readonly clientID?: string | undefined;
  readonly merchantID?: string | undefined;
  readonly grantType?: string | undefined;
}

/** The script of faults. The oldest fault that matches strikes. */
export interface Faults {
  add(spec: FaultSpec): number;
  remove(id: number): void;
  clear(): void;
  /** How often the fault has struck. */
  hits(id: number): number;
  /** The fault that strikes this request, which is counted. */
  strike(about: About): FaultSpec | undefined;
}

export function createFaults(): Faults {
  const active = new Map<number, { spec: FaultSpec; seen: number }>();
  const hits = new Map<number, number>();
  let last = 0;
  return {
    add(spec) {
      last += 1;
      active.set(last, { spec, seen: 0 });
      hits.set(last, 0);
      return last;
    },
    remove: (id) => void active.delete(id),
    clear: () => active.clear(),
    hits: (id) => hits.get(id) ?? 0,
    strike(about) {
      for (const [id, fault] of active) {
        if (!matches(fault.spec, about)) continue;
        fault.seen += 1;
        if (fault.seen <= (fault.spec.skip ?? 0)) continue;
        const struck = (hits.get(id) ?? 0) + 1;
        hits.set(id, struck);
        if (fault.spec.times !== undefined && struck >= fault.spec.times) active.delete(id);
        return fault.spec;
      }
      return undefined;
    },
  };
}

function matches(spec: FaultSpec, about: About): boolean {
  if (spec.endpoint !== 'any' && spec.endpoint !== about.endpoint) return false;
  const same = (wanted: string | undefined, found: string | undefined) => wanted === undefined || wanted === found;
  return (
    same(spec.clientID, about.clientID) &&
    same(spec.merchantID, about.merchantID) &&
    same(spec.grantType, about.grantType)
  );
}

const page = (status: number) =>
  `<!doctype html><html lang="en"><head><title>${status}</title></head><body><h1>${status}</h1><p>cloudflare</p></body></html>`;

/** The answer that a fault gives instead of the true one. */
export function faultyReply(effect: Extract<Effect, { kind: 'answer' }>): Reply {
  const reply = shaped(effect);
  const type = effect.contentType === undefined ? {} : { 'content-type': effect.contentType };
  return { ...reply, headers: { ...reply.headers, ...type, ...effect.headers } };
}

function shaped(effect: Extract<Effect, { kind: 'answer' }>): Reply {
  const { status, code, message = 'made-up text', shape = 'V2' } = effect;
  const shapes: Readonly<Record<typeof shape, () => Reply>> = {
    V1: () => json(status, { message, type: code ?? 'service.not_authorized' }),
    V2: () => apiError(status, effect.category ?? 'API_ERROR', code ?? 'INTERNAL_SERVER_ERROR', message),
    OAuth: () => json(status, { error: code ?? 'invalid_grant', error_description: message }),
    HTML: () => html(status, page(status)),
    Empty: () => ({ status, headers: {}, body: '' }),
    Raw: () => ({ status, headers: { 'content-type': 'application/json' }, body: effect.body ?? '' }),
  };
  return shapes[shape]();
}
