// Builds the image where no engine can pull: `node test/image/main.ts TAG ARCHIVE` writes an OCI archive.
import { copyFile } from 'node:fs/promises';
import { buildImage } from './build-image.ts';
import { imageDir, removeImageDir } from './image-dir.ts';
import { lacksForImage } from './lacks.ts';

const [tag, file] = process.argv.slice(2);
if (tag === undefined || file === undefined) {
  process.stderr.write('Usage: node test/image/main.ts TAG ARCHIVE, as in localhost/square-operator:test image.tar\n');
  process.exit(64);
}
const lacks = lacksForImage();
if (lacks !== undefined) {
  process.stderr.write(`${lacks}\n`);
  process.exit(1);
}
const dir = await imageDir();
try {
  const { archive } = await buildImage({ tag, dir });
  await copyFile(archive, file);
} finally {
  await removeImageDir(dir);
}
