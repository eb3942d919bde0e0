// `npm run build`: the programs as single files in dist/, with the bill of materials and the licences of what is bundled.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundle, programs } from './bundle/bundle.ts';
import { licenceTexts } from './bundle/licences.ts';
import { packagesOf } from './bundle/packages.ts';
import { billOfMaterials } from './bundle/sbom.ts';

const root = join(import.meta.dirname, '..');
const dist = join(root, 'dist');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
const epoch = process.env.SOURCE_DATE_EPOCH;

rmSync(dist, { recursive: true, force: true });
const bundles = await Promise.all(programs.map((program) => bundle(root, program)));
const packages = packagesOf(root, bundles);
const shipment = {
  version,
  programs: bundles.map(({ program: name }) => ({ name, content: readFileSync(join(dist, name)) })),
  packages,
  ...(epoch ? { madeAt: Number(epoch) } : {}),
};
writeFileSync(join(dist, 'THIRD_PARTY_LICENSES.txt'), licenceTexts(root, packages));
writeFileSync(join(dist, 'sbom.cdx.json'), billOfMaterials(shipment));
// The bundles are CommonJS, and the package around them is not.
writeFileSync(join(dist, 'package.json'), '{ "type": "commonjs" }\n');
for (const { program, bytes } of bundles) process.stdout.write(`dist/${program} ${(bytes / 1024).toFixed(0)} KiB\n`);
process.stdout.write(`${packages.length} packages are in them: dist/sbom.cdx.json, dist/THIRD_PARTY_LICENSES.txt\n`);
