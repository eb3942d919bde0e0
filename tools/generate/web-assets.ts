import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Artifact } from './artifact.ts';

const folder = 'src/web/assets';
const root = join(import.meta.dirname, '../..');
const sources = { style: 'style.css', script: 'app.js', icon: 'icon.svg' } as const;

/** Style, script and icon of the pages as a module, so that they are there from the sources and from the bundle alike. */
export function webAssets(): Artifact[] {
  const lines = Object.entries(sources).map(
    ([name, file]) => `  ${name}: '${readFileSync(join(root, folder, file)).toString('base64')}',\n`,
  );
  const head =
    '// Generated from the files beside it by "npm run generate". Do not edit.\n\n/** The assets of the pages in base64. */\n';
  return [{ path: `${folder}/embedded.ts`, text: `${head}export const embedded = {\n${lines.join('')}} as const;\n` }];
}
