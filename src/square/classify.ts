import type { Duration, Instant } from '../clock.ts';
import { hours } from '../clock.ts';
import type { Failure, Operation } from '../domain/failure.ts';
import { byDefault, classification, type Row } from './classification.ts';
import { type ErrorBody, type ErrorEntry, type JSONObject, readErrors } from './error-shapes.ts';
import type { GrantType } from './port.ts';
import type { Answer, Fault, FaultKind } from './transport.ts';
import * as is from './verdicts.ts';

/** The call that an answer belongs to. */
export interface Subject {
  readonly operation: Operation;
  readonly grant?: GrantType;
}

const success = (status: number) => status >= 200 && status < 300;

function matches(row: Row, subject: Subject, status: number, shape: ErrorBody['shape'], error?: ErrorEntry): boolean {
  if (row.on !== undefined && !row.on.includes(subject.operation)) return false;
  if (row.grant !== undefined && row.grant !== subject.grant) return false;
  if (row.shapes !== undefined && !row.shapes.includes(shape)) return false;
  if (!(success(status) && row.word !== undefined)) {
    const [from, to] = typeof row.status === 'number' ? [row.status, row.status] : row.status;
    if (status < from || status > to) return false;
  }
  if (typeof row.word === 'string' && row.word !== error?.word) return false;
  if (row.word instanceof RegExp && !row.word.test(error?.word ?? '')) return false;
  return row.hint === undefined || row.hint.like.test(error?.text ?? '');
}

/**
 * The row of the table that decides an error body, and the error of it that matched. Of several errors the first that
 * the table knows decides: the status follows the first (Square, Handling Errors).
 */
export function decidingRow(subject: Subject, status: number, body: ErrorBody): { row?: Row; error?: ErrorEntry } {
  const errors = body.shape === 'Foreign' ? [undefined] : body.errors;
  for (const error of errors) {
    const row = classification.find((candidate) => matches(candidate, subject, status, body.shape, error));
    if (row !== undefined) return error === undefined ? { row } : { row, error };
  }
  const [first] = errors;
  return first === undefined ? {} : { error: first };
}

/**
 * Only what looks like a word of Square's vocabulary goes on into logs and status, never text of an answer: an echoed
 * token has letters of both cases.
 */
const code = /^[A-Z][A-Z0-9_]{1,63}$/;
const type = /^[a-z][a-z_.]{1,63}$/;

const changes = (operation: Operation) => operation === 'ObtainToken' || operation === 'RevokeToken';

/** Whether a refusal is so clear that nothing can have been done: an error in a known shape, or too many requests. */
const clearRefusal = (status: number, body: ErrorBody) =>
  status === 429 || (status >= 400 && status < 500 && status !== 408 && body.shape !== 'Foreign');

/** The failure that an answer stands for which is not the success that was wanted. `object` is its body, if JSON. */
export function failureOf(subject: Subject, answer: Answer, object: JSONObject | undefined, now: Instant): Failure {
  const body = readErrors(object);
  const { row, error } = decidingRow(subject, answer.status, body);
  const verdict = row?.verdict ?? byDefault;
  const retryAfter = retryAfterOf(answer.headers, now);
  const shown = body.shape === 'V2' ? code : type;
  const known = error !== undefined && shown.test(error.word) ? error.word : undefined;
  return {
    class: verdict.class,
    reason: verdict.reason,
    operation: subject.operation,
    status: answer.status,
    ...(known !== undefined && body.shape === 'V2' ? { code: known } : {}),
    ...(known !== undefined && body.shape !== 'V2' ? { type: known } : {}),
    ...(retryAfter === undefined ? {} : { retryAfter }),
    message: `${subject.operation}: ${verdict.message} (HTTP ${answer.status}${known === undefined ? '' : ` ${known}`}).`,
    maybeActed: changes(subject.operation) && !clearRefusal(answer.status, body),
  };
}

/** What it means that no whole answer came. */
export const faults: Readonly<Record<FaultKind, is.Verdict>> = {
  TimedOut: is.timedOut,
  NotResolved: is.notResolved,
  Refused: is.refusedConnection,
  Lost: is.connectionLost,
  TLS: is.tlsFailed,
  Truncated: is.truncated,
  TooLarge: is.tooLarge,
};

/** The failure that a fault of the transport stands for. */
export function failureOfFault(subject: Subject, fault: Fault): Failure {
  const verdict = faults[fault.fault];
  return {
    class: verdict.class,
    reason: verdict.reason,
    operation: subject.operation,
    ...(fault.status === undefined ? {} : { status: fault.status }),
    message: `${subject.operation}: ${verdict.message}.`,
    maybeActed: changes(subject.operation) && fault.written,
  };
}

/** An intermediary must not be able to stop calls for longer than this. */
const longestRetryAfter = hours(1);

/** RFC 9110 section 10.2.3, seconds or a date; else `X-RateLimit-Reset`, seconds since 1970. */
function retryAfterOf(headers: Answer['headers'], now: Instant): Duration | undefined {
  const after = headers['retry-after'];
  const reset = headers['x-ratelimit-reset'];
  let delay = Number.NaN;
  if (typeof after === 'string') delay = /^\d+$/.test(after) ? Number(after) * 1_000 : Date.parse(after) - now;
  else if (typeof reset === 'string' && /^\d+$/.test(reset)) delay = Number(reset) * 1_000 - now;
  if (Number.isNaN(delay)) return undefined;
  return Math.min(Math.max(0, delay), longestRetryAfter);
}
