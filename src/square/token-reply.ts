import type { Instant } from '../clock.ts';
import { openBytes } from '../domain/token.ts';
import { failureOf } from './classify.ts';
import { parseObject } from './error-shapes.ts';
import type { Outcome, TokenGrant, TokenReply } from './port.ts';
import { readTokenGrant } from './replies.ts';

/**
 * What a stored 200 answer of the token endpoint holds. Errors that came with a 200 are classified like others; what is
 * not understood is `Unknown` and `maybeActed`. Square's time is not touched: the reply may be old.
 */
export function parseTokenReply(reply: TokenReply): Outcome<TokenGrant> {
  const body = openBytes(reply.body);
  const object = parseObject(body);
  const grant = object === undefined ? undefined : readTokenGrant(object);
  const at: { at?: Instant } = reply.at === undefined ? {} : { at: reply.at };
  if (grant !== undefined) return { ok: true, value: grant, ...at };
  const subject = { operation: 'ObtainToken', grant: reply.grantType } as const;
  const answer = { kind: 'answer', status: 200, headers: {}, body } as const;
  return { ok: false, failure: failureOf(subject, answer, object, reply.at ?? 0) };
}
