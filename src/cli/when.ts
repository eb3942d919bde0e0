import { type Duration, days, formatInstant, hours, type Instant, minutes, parseInstant, seconds } from '../clock.ts';

/** `45s`, `5m10s`, `3h`, `2d4h`, `31d`: two units while the second one matters, as kubectl writes ages. */
export function span(duration: Duration): string {
  const s = Math.max(0, Math.floor(duration / seconds(1)));
  if (s < 120) return `${s}s`;
  if (duration < minutes(10)) return two(s, 60, 'm', 1, 's');
  if (duration < hours(2)) return `${Math.floor(s / 60)}m`;
  if (duration < hours(8)) return two(s, 3_600, 'h', 60, 'm');
  if (duration < days(2)) return `${Math.floor(s / 3_600)}h`;
  if (duration < days(8)) return two(s, 86_400, 'd', 3_600, 'h');
  return `${Math.floor(s / 86_400)}d`;
}

function two(s: number, unit: number, name: string, lesser: number, lesserName: string): string {
  const rest = Math.floor((s % unit) / lesser);
  return `${Math.floor(s / unit)}${name}${rest === 0 ? '' : `${rest}${lesserName}`}`;
}

/** `3h ago`, `in 5d`, `now`. */
export function relative(instant: Instant, now: Instant): string {
  const ahead = instant - now;
  if (Math.abs(ahead) < seconds(1)) return 'now';
  return ahead > 0 ? `in ${span(ahead)}` : `${span(-ahead)} ago`;
}

/** `3h ago (2026-11-22T17:30:00Z)`; a dash for no time. */
export function fully(time: string | undefined, now: Instant): string {
  const instant = time === undefined ? undefined : parseInstant(time);
  return instant === undefined ? '-' : `${relative(instant, now)} (${formatInstant(instant)})`;
}

/** Only how long: `3h` since a time of the past or until one to come; a dash for no time. */
export function age(time: string | undefined, now: Instant): string {
  const instant = time === undefined ? undefined : parseInstant(time);
  return instant === undefined ? '-' : span(Math.abs(now - instant));
}

/** How long until then, `ended` when it is past; a dash for no time. */
export function until(time: string | undefined, now: Instant, ended: string): string {
  const instant = time === undefined ? undefined : parseInstant(time);
  if (instant === undefined) return '-';
  return instant <= now ? ended : span(instant - now);
}
