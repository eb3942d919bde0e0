import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import type { BundledPackage } from '../../../tools/bundle/packages.ts';
import { billOfMaterials, type Shipment } from '../../../tools/bundle/sbom.ts';
import { cycloneDxProblems } from '../../support/cyclonedx.ts';

const sha512 = (text: string) => createHash('sha512').update(text);
const aPackage = (name: string, more: Partial<BundledPackage> = {}): BundledPackage => ({
  name,
  version: '1.2.3',
  licence: 'MIT',
  folder: `node_modules/${name}`,
  integrity: `sha512-${sha512(name).digest('base64')}`,
  programs: ['one.js'],
  dependsOn: [],
  direct: false,
  ...more,
});
const shipment: Shipment = {
  version: '0.9.0',
  programs: [
    { name: 'one.js', content: Buffer.from('one') },
    { name: 'other.js', content: Buffer.from('other') },
  ],
  packages: [
    aPackage('@scope/a', { direct: true, dependsOn: ['node_modules/b'], programs: ['one.js', 'other.js'] }),
    aPackage('b', { licence: '(MIT OR Apache-2.0)' }),
    aPackage('b', { folder: 'node_modules/c/node_modules/b', programs: ['other.js'] }),
  ],
  madeAt: 1_700_000_000,
};
interface Bill {
  serialNumber: string;
  metadata: { timestamp?: string };
  components: { 'bom-ref': string; hashes: { alg: string; content: string }[]; properties?: { value: string }[] }[];
  dependencies: { ref: string; dependsOn: string[] }[];
}
const bill = (from: Shipment) => JSON.parse(billOfMaterials(from)) as Bill;

test('it is valid by the schema of CycloneDX 1.6, which finds what is not', async () => {
  expect(await cycloneDxProblems(billOfMaterials(shipment))).toEqual([]);
  const { components, ...rest } = bill(shipment);
  expect(await cycloneDxProblems(JSON.stringify({ ...rest, components: [{ name: 'x' }] }))).toEqual([
    "/components/0 must have required property 'type'",
  ]);
  expect(components).toHaveLength(4);
});

test('it has the digests of the programs, and of the packages what the lock file says', () => {
  const { components } = bill(shipment);
  const hashes = Object.fromEntries(components.map((one) => [one['bom-ref'], one.hashes]));
  const content = createHash('sha256').update('one').digest('hex');
  expect(hashes['one.js']).toEqual([{ alg: 'SHA-256', content }]);
  expect(hashes['pkg:npm/%40scope/a@1.2.3']).toEqual([{ alg: 'SHA-512', content: sha512('@scope/a').digest('hex') }]);
});

test('a package in two places is one component, of both programs', () => {
  const { components } = bill(shipment);
  expect(components.map((one) => [one['bom-ref'], one.properties?.map(({ value }) => value)])).toEqual([
    ['one.js', undefined],
    ['other.js', undefined],
    ['pkg:npm/%40scope/a@1.2.3', ['one.js', 'other.js']],
    ['pkg:npm/b@1.2.3', ['one.js', 'other.js']],
  ]);
});

test('whoever reads the graph gets from the whole to every package', () => {
  expect(bill(shipment).dependencies).toEqual([
    { ref: 'square-operator@0.9.0', dependsOn: ['one.js', 'other.js'] },
    { ref: 'one.js', dependsOn: ['pkg:npm/%40scope/a@1.2.3'] },
    { ref: 'other.js', dependsOn: ['pkg:npm/%40scope/a@1.2.3'] },
    { ref: 'pkg:npm/%40scope/a@1.2.3', dependsOn: ['pkg:npm/b@1.2.3'] },
    { ref: 'pkg:npm/b@1.2.3', dependsOn: [] },
  ]);
});

test('the same shipment has the same text, another one another serial number, and time is only what is given', () => {
  expect(billOfMaterials(shipment)).toBe(billOfMaterials(shipment));
  const { madeAt: _, ...timeless } = shipment;
  expect(bill(timeless).serialNumber).toBe(bill(shipment).serialNumber);
  expect([bill(timeless).metadata.timestamp, bill(shipment).metadata.timestamp]).toEqual([
    undefined,
    '2023-11-14T22:13:20.000Z',
  ]);
  expect(bill({ ...shipment, version: '0.9.1' }).serialNumber).not.toBe(bill(shipment).serialNumber);
});
