// Builds the image where no engine can pull: `node test/image/main.ts TAG ARCHIVE` writes an OCI archive.
import { copyFile, rm } from 'node:fs/promises';
import { runDir } from '../cluster/temp-dir.ts';
import { buildImage } from './build-image.ts';

const [tag, file] = process.argv.slice(2);
if (tag === undefined || file === undefined) {
  process.stderr.write('Usage: node test/image/main.ts TAG ARCHIVE, as in localhost/square-operator:test image.tar\n');
  process.exit(64);
}
const dir = await runDir();
try {
  const { archive } = await buildImage({ tag, dir });
  await copyFile(archive, file);
} finally {
  await rm(dir, { recursive: true, force: true });
}
