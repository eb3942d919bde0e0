import { KubeError } from './client.ts';
import type { Call, Reply } from './transport.ts';
import { ConnectionLost } from './transport.ts';

/** What of a `Status` (Kubernetes API conventions, "Response status kind") is used. */
interface Status {
  message?: string;
  reason?: string;
  code?: number;
  details?: { name?: string; kind?: string; uid?: string; causes?: { field?: string }[]; retryAfterSeconds?: number };
}

const reasons: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  409: 'Conflict',
  410: 'Expired',
  413: 'RequestEntityTooLarge',
  415: 'UnsupportedMediaType',
  422: 'Invalid',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
  504: 'Timeout',
};

/** The body as a `Status`; `{}` for what a proxy says instead. */
export function parseStatus(body: string): Status {
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === 'object' && parsed !== null && (parsed as { kind?: string }).kind === 'Status'
      ? parsed
      : {};
  } catch {
    return {};
  }
}

/** Whose bodies hold what nobody may see: the server's own words may quote them. */
const confidential = /\/(secrets|tokenreviews)(\/|\?|$)|\/token(\?|$)/;

/**
 * The server's words for people. Where they might quote a secret only the ones that name who may not do what, and the
 * fields that are wrong, are passed on.
 */
function wordsOf(status: Status, path: string): string {
  const message = status.message ?? '';
  if (!confidential.test(path)) return message.slice(0, 1_000);
  if (status.code === 403) return message.slice(0, 500).replace(/\b(denied(?: the)? request)\b[\s\S]*/, '$1');
  const fields = (status.details?.causes ?? []).flatMap((cause) => cause.field ?? []);
  return fields.length === 0 ? '' : `wrong: ${fields.join(', ').slice(0, 500)}`;
}

/** The error for an answer from 400 on. */
export function refusalOf(call: Pick<Call, 'method' | 'path'>, reply: Reply): KubeError {
  const status = parseStatus(reply.body);
  // A patch that names another UID is answered with 422 for changing an immutable field, a PUT with 409.
  const otherObject = status.details?.causes?.some((cause) => cause.field === 'metadata.uid') ?? false;
  const reason = otherObject ? 'Conflict' : (status.reason ?? reasons[reply.status] ?? 'Unknown');
  const words = wordsOf({ ...status, code: reply.status }, call.path);
  const asked = reply.retryAfter ?? (status.details?.retryAfterSeconds ?? 0) * 1_000;
  return new KubeError({
    status: reply.status,
    reason,
    message: `${said(call)}: ${reply.status} ${reason}${words === '' ? '' : `: ${words}`}`,
    mayHaveActed: reply.status >= 500 && call.method !== 'GET',
    about: status.details?.name,
    retryAfter: asked === 0 ? undefined : asked,
  });
}

/** The error for no answer. */
export function unreachable(call: Pick<Call, 'method' | 'path'>, server: URL, cause: unknown): KubeError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new KubeError({
    status: 0,
    reason: 'Unreachable',
    message: `${said(call)}: no answer from ${server.origin}: ${why}`,
    mayHaveActed: call.method !== 'GET' && !(cause instanceof ConnectionLost && cause.stage !== 'sent'),
    cause,
  });
}

/** Method and path; the query only repeats what the code says. */
const said = ({ method, path }: Pick<Call, 'method' | 'path'>) => `${method} ${path.replace(/\?.*/, '')}`;
