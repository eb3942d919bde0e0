/** What stands in the place of a secret. */
export const redacted = '[redacted]';

/** How Square's secrets begin (Square, OAuth and access token pages); application IDs (`sq0idp-`) are public. */
const beginnings = [
  'EAAA',
  'EAAl',
  'EQAA',
  ...['csp', 'csb', 'cgp', 'cgb', 'atp', 'atb'].map((kind) => `sq0${kind}-`),
  'eyJhbGciOi',
];

/** One character of base64, base64url, or of either inside a URL. */
const base64 = '(?:[\\w+/-]|%2[BbFf])';

/** Space as it stands in a header, a query or a form. Repetitions are bounded: time must not grow faster than the text. */
const space = '(?:\\s|%20|\\+){1,3}';
const quote = `(?:\\\\{0,8}["'])?`;
const named = '(?:access_token|refresh_token|migration_token|client_secret|code_verifier)';

const patterns = [
  // What a token of Square, a client secret or an authorization code looks like, with whatever is joined to it.
  'E(?:AA[Al]|QAA)[\\w-]{8,}(?:\\.[\\w-]*)*',
  '(?:sandbox-)?sq0(?:c[sg]|at)[pb]-[\\w-]+(?:\\.[\\w-]*)*',
  // JWE, JWT, and any JSON in base64url.
  'eyJ[\\w-]{8,}(?:\\.[\\w-]*)*',
  // The two schemes of `Authorization` at Square.
  `(?<before>\\bBearer${space})[\\w.~+/=%-]{8,}`,
  `(?<before>\\bClient${space})[\\w.~+/=%-]{20,}`,
  // Values by their names in a body or a query.
  `(?<before>\\b${named}${quote}\\s{0,8}[:=]\\s{0,8}${quote})[^\\s"'&,}\\\\[]+`,
  '(?<before>[?&](?:code|state)=)[^\\s"&\\\\[]+',
  `(?:${beginnings.flatMap(coresOf).join('|')})${base64}{8,}(?:=|%3[Dd]){0,2}`,
];
const secret = new RegExp(patterns.join('|'), 'g');

/**
 * The text without what looks like a token, client secret, authorization code or JWE: raw, in base64 or in a URL. It is
 * the last net: nothing of the kind should get here. What is masked never includes a quote or a backslash, so a line of
 * JSON stays one.
 */
export function maskText(text: string): string {
  return text.replace(secret, (...match) => {
    const { before = '' } = match.at(-1) as { before?: string };
    return before + redacted;
  });
}

/** What the base64 of any text holds that has `literal` inside, for each of the three ways it can lie in the bytes. */
function coresOf(literal: string): string[] {
  return [0, 1, 2].map((before) => {
    const encoded = Buffer.concat([Buffer.alloc(before), Buffer.from(literal)]).toString('base64');
    const whole = Math.floor(((before + literal.length) * 8) / 6);
    return encoded.slice(Math.ceil((before * 8) / 6), whole).replaceAll('+', '\\+');
  });
}

/** How deep, and how many members in all, a field of a log line is copied: some errors drag a whole socket along. */
const deepest = 8;
const most = 500;

/**
 * A plain copy of anything for a log line: strings masked; errors with type, code, message, stack and causes; bytes
 * only counted; whatever knows how to print itself (`toJSON`), as a token does, is asked. Never throws, and never
 * copies more than a line can bear.
 */
export function maskValue(value: unknown): unknown {
  let left = most;
  const mask = (inner: unknown, depth: number): unknown => {
    if (typeof inner === 'string') return maskText(inner);
    if (typeof inner === 'bigint' || typeof inner === 'symbol') return maskText(String(inner));
    if (typeof inner === 'function') return '[function]';
    if (typeof inner !== 'object' || inner === null) return inner;
    left -= 1;
    if (depth > deepest || left < 0) return '[…]';
    try {
      return maskObject(inner, (member) => mask(member, depth + 1));
    } catch {
      return '[unprintable]';
    }
  };
  return mask(value, 0);
}

function maskObject(value: object, inner: (value: unknown) => unknown): unknown {
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`;
  if (value instanceof Error) return maskError(value, inner);
  if ('toJSON' in value && typeof value.toJSON === 'function') return inner(value.toJSON());
  if (value instanceof Map) return [...value].map(inner);
  if (value instanceof Set || Array.isArray(value)) return [...value].map(inner);
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [maskText(key), inner(member)]));
}

function maskError(error: Error, inner: (value: unknown) => unknown): unknown {
  const { name, message, stack, cause } = error;
  const own = Object.entries(error).filter(([key]) => key !== 'cause' && key !== 'stack' && key !== 'name');
  return {
    type: name,
    message: inner(message),
    ...Object.fromEntries(own.map(([key, member]) => [key, inner(member)])),
    ...(stack !== undefined && { stack: inner(stack) }),
    ...(cause !== undefined && { cause: inner(cause) }),
  };
}
