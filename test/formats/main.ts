// `npm run formats`: writes a specimen of everything that this version stores, in test/fixtures/formats/VERSION. Run once,
// for a release; specimens that are there are never written over, since what was stored once stays to be read.
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { version } from '../../src/version.ts';
import { formatsDir } from './read.ts';
import { makeSpecimens } from './specimens.ts';

const dir = join(formatsDir, version);
if (existsSync(dir)) {
  process.stderr.write(
    `${dir} is there. Specimens of a release are not changed: raise the version in package.json and src/version.ts first.\n`,
  );
  process.exitCode = 1;
} else {
  const specimens = await makeSpecimens();
  const draft = `${dir}.draft`;
  rmSync(draft, { recursive: true, force: true });
  for (const [path, text] of specimens) {
    mkdirSync(dirname(join(draft, path)), { recursive: true });
    writeFileSync(join(draft, path), text);
  }
  renameSync(draft, dir);
  process.stdout.write(`${specimens.size} specimens of version ${version} are in ${dir}\n`);
}
