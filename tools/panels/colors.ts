import type { FieldDefaults } from './dashboard-file.ts';
import { written } from './units.ts';

/** Grafana's names of colours, dark enough to be read on white. */
const named: Readonly<Record<string, string>> = {
  green: '#37872d',
  orange: '#e06400',
  red: '#c4162a',
  blue: '#1f60c4',
  yellow: '#b58900',
  purple: '#7c2ea3',
  text: '#24292e',
};

/** For the lines of a graph, in their order. */
export const palette =
  '#56a64b #e0b400 #3274d9 #ff780a #e02f44 #8f3bb8 #3fa7a0 #a0522d #96d98d #7a6a00 #8ab8ff #ffb357 #ff7383 #ca95e5'.split(
    ' ',
  );

export const colorOf = (name: string): string => named[name] ?? name;

/** What Grafana takes where the panel says nothing (its documentation, "Default thresholds"). */
const unsaid = [
  { color: 'green', value: null },
  { color: 'red', value: 80 },
] as const;

/** The colour of a value that is drawn by itself. */
export function valueColor(value: number, { thresholds, color }: FieldDefaults): string {
  if (color?.mode === 'fixed') return colorOf(color.fixedColor ?? 'text');
  const steps = thresholds?.steps ?? unsaid;
  return colorOf(steps.findLast((step) => step.value === null || value >= step.value)?.color ?? 'text');
}

/** What a value is called, and its colour: its mapping's where there is one. */
export function looks(value: number, defaults: FieldDefaults): { readonly text: string; readonly color: string } {
  const mapped = defaults.mappings?.map(({ options }) => options[`${value}`]).find((one) => one !== undefined);
  return mapped === undefined
    ? { text: written(value, defaults.unit), color: valueColor(value, defaults) }
    : { text: mapped.text, color: colorOf(mapped.color) };
}
