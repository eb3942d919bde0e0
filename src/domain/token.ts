const redacted = '[redacted]';

/** What `util.inspect`, and with it `console.log`, asks for. */
const inspectCustom = Symbol.for('nodejs.util.inspect.custom');

/** A value that cannot be printed by accident: string conversion, JSON and `util.inspect` all give `[redacted]`. */
class Concealed<T> {
  readonly #value: T;

  constructor(value: T) {
    this.#value = value;
  }

  static open<T>(concealed: Concealed<T>): T {
    return concealed.#value;
  }

  toString(): string {
    return redacted;
  }

  toJSON(): string {
    return redacted;
  }

  get [Symbol.toStringTag](): string {
    return redacted;
  }

  [Symbol.toPrimitive](): string {
    return redacted;
  }

  [inspectCustom](): string {
    return redacted;
  }
}

/** A token, code or client secret in clear. Prints as `[redacted]`; only `openToken` gives the value. */
export type Token = Concealed<string>;

/** Bytes that hold tokens, such as the reply of a token request. Print as `[redacted]`; only `openBytes` gives them. */
export type SecretBytes = Concealed<Uint8Array>;

export const token = (value: string): Token => new Concealed(value);

/** The value in clear. Where this is called is where a token can leak: keep the callers countable. */
export const openToken = (concealed: Token): string => Concealed.open(concealed);

export const secretBytes = (value: Uint8Array): SecretBytes => new Concealed(value);

/** The bytes in clear, not a copy. */
export const openBytes = (concealed: SecretBytes): Uint8Array => Concealed.open(concealed);

/** Whether both hold the same value. Not constant in time: for values of our own, not for guesses of a stranger. */
export const sameToken = (a: Token, b: Token): boolean => Concealed.open(a) === Concealed.open(b);

/** The longest secret or token that Square's API takes (Square, ObtainToken reference). */
export const longestCredential = 1_024;

export type CleanCredential =
  | { readonly ok: true; readonly value: Token }
  | { readonly ok: false; readonly why: string };

/**
 * Reads a credential as people store it. Space and line ends around it are taken off, since files and shells add them;
 * what no token of Square can be is refused: nothing, white space or control characters inside, quotes or braces around it,
 * anything but printable ASCII, more than 1024 characters. `why` ends the sentence "the value …" and never holds any of the text.
 */
export function cleanCredential(text: string): CleanCredential {
  const value = text.trim();
  if (value === '') return { ok: false, why: 'is empty' };
  if (value.length > longestCredential) {
    return { ok: false, why: `has ${value.length} characters; Square takes at most ${longestCredential}` };
  }
  if (/\s/u.test(value)) return { ok: false, why: 'has white space inside, so it is not one token alone' };
  if (/^["'`]|[{}]/u.test(value))
    return { ok: false, why: 'has quotes or braces around the token, which are not part of it' };
  if (/[^\x21-\x7e]/u.test(value)) {
    return {
      ok: false,
      why: 'has characters that no token has (control or non-ASCII), so it is no text, or was encoded twice',
    };
  }
  return { ok: true, value: token(value) };
}

/** `cleanCredential` of a value that is concealed already. */
export const cleanToken = (concealed: Token): CleanCredential => cleanCredential(Concealed.open(concealed));
