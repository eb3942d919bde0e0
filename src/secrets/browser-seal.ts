import { z } from 'zod';
import type { Instant } from '../clock.ts';
import { parseCompact } from './compact.ts';
import { decryptDirect, encryptDirect } from './direct.ts';
import type { KeyRing } from './port.ts';

/** What a text that a browser keeps is for. One made for one use is never taken for another. */
export type BrowserUse = 'link' | 'sign-in' | 'session' | 'csrf';

/** `Invalid`: not made by this operator for this use, or sealed by a key that is gone. */
export type FromBrowser<T> =
  | { readonly ok: true; readonly value: T; readonly expiresAt: Instant }
  | { readonly ok: false; readonly why: 'Expired' | 'Invalid' };

const version = 1;

/** More than a browser keeps in one cookie, and than any link of ours has. */
const longest = 8_192;

const purposeOf = (use: BrowserUse): string => `browser-${use}`;

/**
 * Seals what a browser (or whoever holds a link) keeps for us: any replica opens it, nobody else can read or make one,
 * and it ends at `expiresAt` of the wall clock. Characters of base64url and dots only. Whoever has the text may
 * present it as often as they like: what must happen once needs a memory of its own.
 */
export function sealForBrowser(ring: KeyRing, use: BrowserUse, value: object, expiresAt: Instant): string {
  const key = ring.active;
  const header = { kid: key.id, v: version, use };
  return encryptDirect(key, purposeOf(use), header, Buffer.from(JSON.stringify({ expiresAt, value })));
}

/** Opens what `sealForBrowser` made for this use; `now`: the wall clock. Takes any text whatever and never throws. */
export function openFromBrowser<T>(
  ring: KeyRing,
  use: BrowserUse,
  schema: z.ZodType<T>,
  text: string | undefined,
  now: Instant,
): FromBrowser<T> {
  const jwe = text === undefined || text.length > longest ? undefined : parseCompact(text);
  const key = ring.find(String(jwe?.header['kid']));
  const opened = jwe && key && isOurs(jwe.header, use) ? decryptDirect(key, purposeOf(use), jwe) : undefined;
  if (opened === undefined) return { ok: false, why: 'Invalid' };
  const read = z.object({ expiresAt: z.number(), value: schema }).safeParse(JSON.parse(opened.toString('utf8')));
  if (!read.success) return { ok: false, why: 'Invalid' };
  if (read.data.expiresAt <= now) return { ok: false, why: 'Expired' };
  return { ok: true, value: read.data.value, expiresAt: read.data.expiresAt };
}

const isOurs = (header: Readonly<Record<string, unknown>>, use: BrowserUse): boolean =>
  header['alg'] === 'dir' && header['enc'] === 'A256GCM' && header['v'] === version && header['use'] === use;
