/** One error of an answer, whatever its shape. */
export interface ErrorEntry {
  /** V2: code. V1: type. OAuth: error. */
  readonly word: string;
  /** V2 only. */
  readonly category?: string;
  /** V2: detail. V1: message. OAuth: error_description. Only ever matched against; never stored or shown. */
  readonly text: string;
}

/**
 * What an error body looks like. `V2` is what `/v2` answers (Square, Handling Errors), `V1` what the OAuth endpoints are
 * seen to answer, `OAuth` the form of RFC 6749 section 5.2, `Foreign` anything else: empty, HTML, JSON of others.
 */
export type ErrorBody =
  | { readonly shape: 'V2' | 'V1' | 'OAuth'; readonly errors: readonly ErrorEntry[] }
  | { readonly shape: 'Foreign' };

export type ErrorShape = ErrorBody['shape'];

const foreign: ErrorBody = { shape: 'Foreign' };

export type JSONObject = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is JSONObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;

const decoder = new TextDecoder();

/** The JSON object that a body holds. The body alone decides; `Content-Type` is not asked, since edges get it wrong. */
export function parseObject(body: Uint8Array): JSONObject | undefined {
  if (body.length === 0) return undefined;
  try {
    const value: unknown = JSON.parse(decoder.decode(body));
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function entry(value: unknown): ErrorEntry | undefined {
  if (!isObject(value)) return undefined;
  const word = text(value['code']);
  const category = text(value['category']);
  if (word === undefined || category === undefined) return undefined;
  return { word, category, text: text(value['detail']) ?? '' };
}

/** Tells the shapes apart. Errors of V2 that lack category or code are left out; none left makes the body foreign. */
export function readErrors(object: JSONObject | undefined): ErrorBody {
  if (object === undefined) return foreign;
  if (Array.isArray(object['errors'])) {
    const errors = object['errors'].map(entry).filter((found) => found !== undefined);
    return errors.length === 0 ? foreign : { shape: 'V2', errors };
  }
  const type = text(object['type']);
  const message = text(object['message']);
  if (type !== undefined && message !== undefined) return { shape: 'V1', errors: [{ word: type, text: message }] };
  const error = text(object['error']);
  if (error === undefined) return foreign;
  return { shape: 'OAuth', errors: [{ word: error, text: text(object['error_description']) ?? '' }] };
}
