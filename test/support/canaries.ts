/** A text in which no secret value may stand, and where it was found. */
export interface Place {
  readonly where: string;
  readonly text: string;
}

/**
 * Looks for secret values in the clear, URL-encoded and in base64, alone or inside something longer. Each finding names
 * the place, the form and the beginning of the value.
 */
export function findLeaks(values: Iterable<string>, places: Iterable<Place>): string[] {
  const forms = [...new Set(values)].flatMap((value) => formsOf(value).map(([form, text]) => ({ value, form, text })));
  const found: string[] = [];
  const known = new Set<string>();
  for (const { where, text } of places) {
    if (known.has(text)) continue;
    known.add(text);
    for (const one of forms) {
      if (text.includes(one.text)) found.push(`${where}: ${one.value.slice(0, 8)}… ${one.form}`);
    }
  }
  return found;
}

function formsOf(value: string): [form: string, text: string][] {
  const url = encodeURIComponent(value);
  const aligned = [0, 1, 2].map((before) => inBase64(value, before));
  const urlSafe = aligned.map((text) => text.replaceAll('+', '-').replaceAll('/', '_'));
  return [
    ['in the clear', value],
    ...(url === value ? [] : [['URL-encoded', url] as [string, string]]),
    ...[...new Set([...aligned, ...urlSafe])].map((text): [string, string] => ['in base64', text]),
  ];
}

/** The characters of base64 that do not depend on what stands before and after; `before` bytes shift the alignment. */
function inBase64(value: string, before: number): string {
  const bytes = Buffer.from(value);
  const text = Buffer.concat([Buffer.alloc(before), bytes])
    .toString('base64')
    .replace(/=+$/, '');
  const first = Math.ceil((before * 8) / 6);
  const last = Math.floor(((before + bytes.length) * 8) / 6);
  return text.slice(first, last);
}
