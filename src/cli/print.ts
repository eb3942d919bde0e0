import { escaped, hasSteering } from './control-characters.ts';
import type { Output } from './options.ts';
import type { Screen } from './screen.ts';

/** Prints a value for scripts, as JSON or YAML. What could steer a terminal is escaped. */
export async function print(screen: Screen, output: Output, value: unknown): Promise<void> {
  const json = JSON.stringify(value, undefined, 2);
  if (output !== 'yaml') return screen.out(escaped(json));
  const { Document, visit } = await import('yaml');
  const document = new Document(JSON.parse(json), { aliasDuplicateObjects: false });
  visit(document, {
    Scalar(_, scalar) {
      if (typeof scalar.value === 'string' && hasSteering(scalar.value)) scalar.type = 'QUOTE_DOUBLE';
    },
  });
  screen.out(escaped(document.toString({ lineWidth: 0 })));
}

export const isForPeople = (output: Output): boolean => output === 'table' || output === 'wide';
