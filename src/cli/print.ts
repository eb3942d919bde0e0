import type { Output } from './options.ts';
import type { Screen } from './screen.ts';

/** Prints a value for scripts, as JSON or YAML. */
export async function print(screen: Screen, output: Output, value: unknown): Promise<void> {
  if (output !== 'yaml') return screen.out(JSON.stringify(value, undefined, 2));
  const { stringify } = await import('yaml');
  screen.out(stringify(JSON.parse(JSON.stringify(value)), { lineWidth: 0, aliasDuplicateObjects: false }));
}

export const isForPeople = (output: Output): boolean => output === 'table' || output === 'wide';
