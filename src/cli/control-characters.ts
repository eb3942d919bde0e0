import { stripVTControlCharacters } from 'node:util';

/**
 * What the API server gives back may hold anything. These steer a terminal, or show a text in another order than it has:
 * the control characters C0 and C1, those for the direction of writing (Unicode, UAX #9), and the separators of lines.
 */
const steering = /[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]/u;
const runs = new RegExp(`${steering.source}+`, 'gu');
const exceptLayout = new RegExp(`(?![\\n\\t])${steering.source}`, 'gu');
/** What `styleText` writes for colours. */
// oxlint-disable-next-line no-control-regex
const colours = /\u001b\[\d{1,2}m/g;

/** On one line, without what could steer the terminal. */
export const printable = (text: string): string => stripVTControlCharacters(text).replaceAll(runs, ' ');

/** As it is laid out, without what could steer the terminal; with the colours that are in it, or without. */
export function onTerminal(text: string, coloured: boolean): string {
  if (text.search(exceptLayout) < 0) return text;
  const clean = (part: string) => stripVTControlCharacters(part).replaceAll(exceptLayout, ' ');
  if (!coloured) return clean(text);
  const painted = text.match(colours) ?? [];
  return text
    .split(colours)
    .map((part, i) => clean(part) + (painted[i] ?? ''))
    .join('');
}

/** Whether a text has to be quoted where it is stored. */
export const hasSteering = (text: string): boolean => text.search(exceptLayout) >= 0;

/** JSON, or YAML whose strings of that kind are quoted, with escapes for what could steer a terminal: it means the same. */
export const escaped = (quoted: string): string =>
  quoted.replaceAll(exceptLayout, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`);
