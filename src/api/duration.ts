import { z } from 'zod';
import { looksLike, ruled, type Shape, shaped } from './schema.ts';

/** Hours, minutes and seconds; so few digits that CEL's `duration()` cannot overflow. */
const shape: Shape = {
  max: 32,
  like: /^([0-9]{1,4}h)?([0-9]{1,6}m)?([0-9]{1,7}s)?$/,
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

/** Milliseconds of a duration such as `1h30m`. Throws a `RangeError` for any other text, which the API server refuses. */
export function parseDuration(value: string): number {
  const parts = shape.like.exec(value);
  if (parts === null || value === '')
    throw new RangeError(`${JSON.stringify(value.slice(0, 40))} is no duration: ${shape.write}`);
  const [hours, minutes, seconds] = parts.slice(1).map((part) => (part === undefined ? 0 : Number.parseInt(part, 10)));
  return (((hours ?? 0) * 60 + (minutes ?? 0)) * 60 + (seconds ?? 0)) * 1_000;
}
