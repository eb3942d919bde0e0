const decimal = (value: number, digits: number) => Number(value.toFixed(digits)).toString();

/** So many digits that three of them count. */
const short = (value: number) =>
  decimal(value, value === 0 ? 0 : Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value)))));

function scaled(value: number, steps: readonly (readonly [from: number, unit: string])[], space = ' '): string {
  const [divisor, unit] = steps.findLast(([from]) => Math.abs(value) >= from) ?? steps[0] ?? [1, ''];
  return `${short(value / divisor)}${unit === '' ? '' : space}${unit}`;
}

const times = [
  [1e-6, 'µs'],
  [1e-3, 'ms'],
  [1, 's'],
  [60, 'mins'],
  [3_600, 'hours'],
  [86_400, 'days'],
  [604_800, 'weeks'],
  [31_536_000, 'years'],
] as const;
const kibi = [1, 2 ** 10, 2 ** 20, 2 ** 30].map((size, i) => [size, ['B', 'KiB', 'MiB', 'GiB'][i] ?? ''] as const);
const kilo = [1, 1e3, 1e6].map((size, i) => [size, ['', 'K', 'Mil'][i] ?? ''] as const);

/** A value as Grafana writes it in that unit. Throws on a unit that it was not taught: no panel is to be drawn wrongly. */
export function written(value: number, unit = 'short'): string {
  if (unit.startsWith('suffix:')) return `${decimal(value, 1)}${unit.slice('suffix:'.length)}`;
  switch (unit) {
    case 's':
      return value === 0 ? '0 s' : scaled(value, times);
    case 'percentunit':
      return `${decimal(value * 100, 1)}%`;
    case 'ops':
      return scaled(value, [[1, 'ops/s']]);
    case 'bytes':
      return scaled(value, kibi);
    case 'short':
      return scaled(value, kilo);
    case 'none':
      return decimal(value, 3);
    default:
      throw new Error(`there is no way here to write a value in the unit ${unit}`);
  }
}

/** Round values that span those two, few enough to be read. */
export function ticks(low: number, highest: number, unit = 'short'): number[] {
  const high = highest > low ? highest : low + 1;
  const span = high - low;
  const base = unit === 'bytes' ? 2 ** Math.floor(Math.log2(span / 4)) : 10 ** Math.floor(Math.log10(span / 4));
  const step =
    (unit === 'bytes' ? [1, 2] : [1, 2, 5, 10]).map((one) => one * base).find((one) => span / one <= 5) ?? span;
  const from = Math.floor(low / step + 1e-9);
  const to = Math.max(from + 1, Math.ceil(high / step - 1e-9));
  return Array.from({ length: to - from + 1 }, (_, i) => Number(((from + i) * step).toPrecision(12)));
}
