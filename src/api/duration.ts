import type { z } from 'zod';
import { looksLike, ruled, type Shape, shaped } from './schema.ts';

/** Hours, minutes and seconds, at least one of them; so few digits that CEL's `duration()` cannot overflow. */
const shape: Shape = {
  max: 32,
  like: /^([0-9]{1,4}h([0-9]{1,6}m)?([0-9]{1,7}s)?|[0-9]{1,6}m([0-9]{1,7}s)?|[0-9]{1,7}s)$/,
  write: 'write hours, minutes and seconds as whole numbers, such as 168h, 1h30m or 90s',
};

/** A duration: hours, minutes and seconds, such as `168h`, `1h30m` or `90s`. */
export const duration = shaped('A duration in hours, minutes and seconds, such as 168h or 1h30m.', shape);

/** In CEL: `value` is no duration (which is another rule's complaint), or its length stands in `relation`. */
export const durationIs = (value: string, relation: string): string =>
  `!${looksLike(value, shape)} || duration(${value}) ${relation}`;

/** A duration within bounds. */
export function durationBetween(description: string, least: string, most: string): z.ZodString {
  const message = `write a duration from ${least} to ${most}`;
  return ruled(
    shaped(description, shape),
    { rule: durationIs('self', `>= duration('${least}')`), message },
    { rule: durationIs('self', `<= duration('${most}')`), message },
  );
}

const unit: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1_000 };

/** Milliseconds of a duration such as `1h30m`. Throws a `RangeError` for any other text, which the API server refuses. */
export function parseDuration(text: string): number {
  if (!shape.like.test(text)) throw new RangeError(`not a duration: ${shape.write}`);
  return [...text.matchAll(/([0-9]+)([hms])/g)].reduce(
    (sum, [, count, of]) => sum + Number(count) * (unit[of ?? ''] ?? 0),
    0,
  );
}
