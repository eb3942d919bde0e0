import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { readRelease, releasesWithSpecimens } from '../../test/formats/read.ts';
import { allowed } from './allowed.ts';
import { type Definition, tightened } from './definitions.ts';

const definitionsIn = (folder: string): Definition[] =>
  readdirSync(folder).map((file) => parse(readFileSync(join(folder, file), 'utf8')) as Definition);

/** What is wrong with the definitions in `crds` for those who come from an earlier release; empty: nothing. */
export function incompatibilities(root: string, exempt: Readonly<Record<string, string>> = allowed): string[] {
  const now = definitionsIn(join(root, 'crds'));
  const found = releasesWithSpecimens().flatMap((release) =>
    definitionsIn(join(readRelease(release).dir, 'crds')).flatMap((earlier) => {
      const later = now.find(({ metadata }) => metadata.name === earlier.metadata.name);
      if (later === undefined) return [{ what: `${earlier.metadata.name}: is gone`, release }];
      return tightened(earlier, later).map((what) => ({ what, release }));
    }),
  );
  const unheardOf = Object.keys(exempt).filter((one) => !found.some(({ what }) => what === one));
  return [
    ...found
      .filter(({ what }) => !Object.hasOwn(exempt, what))
      .map(({ what, release }) => `crds/ does not let in what ${release} stored: ${what}`),
    ...unheardOf.map((one) => `tools/compatibility/allowed.ts speaks of what is not so: ${one}`),
  ];
}
