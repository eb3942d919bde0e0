import { type Duration, days, type Instant, minutes, seconds } from '../../clock.ts';

/** `3 days ago`, `in 2 hours`, `just now`. The browser's script uses the same steps. */
export function relative(instant: Instant, now: Instant): string {
  const away = Math.abs(instant - now);
  if (away < seconds(45)) return 'just now';
  return instant < now ? `${span(away)} ago` : `in ${span(away)}`;
}

/** `3 days`, `2 hours`, `40 minutes`: one unit, rounded. */
export function span(length: Duration): string {
  const units = [
    [days(1), 'day', days(2)],
    [minutes(60), 'hour', minutes(90)],
    [minutes(1), 'minute', 0],
  ] as const;
  const [unit, name] = units.find(([, , from]) => length >= from) ?? units[2];
  const count = Math.max(1, Math.round(length / unit));
  return `${count} ${name}${count === 1 ? '' : 's'}`;
}

/** `1 July 2026, 09:30 UTC`. */
export function absolute(instant: Instant): string {
  const date = new Date(instant);
  const day = date.toLocaleDateString('en-GB', { day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' });
  return `${day}, ${date.toISOString().slice(11, 16)} UTC`;
}
