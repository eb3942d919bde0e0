import { createHash } from 'node:crypto';
import type { BundledPackage } from './packages.ts';

export interface ShippedProgram {
  /** The file's name. */
  readonly name: string;
  readonly content: Buffer;
}

export interface Shipment {
  readonly version: string;
  readonly programs: readonly ShippedProgram[];
  readonly packages: readonly BundledPackage[];
  /** In seconds, as `SOURCE_DATE_EPOCH` has it: https://reproducible-builds.org/specs/source-date-epoch/ */
  readonly madeAt?: number;
}

/**
 * The bill of materials of the bundles (CycloneDX 1.6, JSON): the programs with their digests, and of the packages exactly
 * those that code in a program comes from. The same shipment gives the same text.
 */
export function billOfMaterials({ version, programs, packages, madeAt }: Shipment): string {
  const whole = `square-operator@${version}`;
  const components = [...programs.map(programComponent), ...unique(packages).map(packageComponent)];
  const bill = {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: serialNumber(JSON.stringify([version, components])),
    version: 1,
    metadata: {
      ...(madeAt === undefined ? {} : { timestamp: new Date(madeAt * 1000).toISOString() }),
      lifecycles: [{ phase: 'build' }],
      component: {
        type: 'application',
        'bom-ref': whole,
        name: 'square-operator',
        version,
        licenses: [{ license: { id: 'Apache-2.0' } }],
      },
    },
    components,
    dependencies: [
      { ref: whole, dependsOn: programs.map(({ name }) => name) },
      ...programs.map(({ name }) => ({
        ref: name,
        dependsOn: refs(packages.filter((one) => one.direct && one.programs.includes(name))),
      })),
      ...unique(packages).map((one) => ({ ref: purl(one), dependsOn: refs(dependenciesOf(one, packages)) })),
    ],
  };
  return `${JSON.stringify(bill, undefined, 2)}\n`;
}

function programComponent({ name, content }: ShippedProgram) {
  const digest = createHash('sha256').update(content).digest('hex');
  return { type: 'file', 'bom-ref': name, name, hashes: [{ alg: 'SHA-256', content: digest }] };
}

function packageComponent(one: BundledPackage) {
  const { name, version, licence = '', integrity, programs } = one;
  const [, group, base = name] = /^(@[^/]+)\/(.*)$/.exec(name) ?? [];
  const [algorithm = '', digest = ''] = integrity.split(/-(.*)/);
  const content = Buffer.from(digest, 'base64').toString('hex');
  return {
    type: 'library',
    'bom-ref': purl(one),
    ...(group === undefined ? {} : { group }),
    name: base,
    version,
    scope: 'required',
    hashes: [{ alg: algorithm.replace('sha', 'SHA-'), content }],
    licenses: [/[ ()]/.test(licence) ? { expression: licence } : { license: { id: licence } }],
    purl: purl(one),
    properties: programs.map((value) => ({ name: 'square-operator:bundled-into', value })),
  };
}

/** https://github.com/package-url/purl-spec, type npm. */
const purl = ({ name, version }: BundledPackage) => `pkg:npm/${name.replace('@', '%40')}@${version}`;

/** One package may be installed in several places. */
function unique(packages: readonly BundledPackage[]): BundledPackage[] {
  const merged = new Map<string, BundledPackage>();
  for (const one of packages) {
    const before = merged.get(purl(one));
    const join = (key: 'programs' | 'dependsOn') => [...new Set([...(before?.[key] ?? []), ...one[key]])];
    merged.set(purl(one), { ...one, programs: join('programs'), dependsOn: join('dependsOn') });
  }
  return [...merged.values()];
}

const dependenciesOf = ({ dependsOn }: BundledPackage, packages: readonly BundledPackage[]) =>
  packages.filter(({ folder }) => dependsOn.includes(folder));

const refs = (packages: readonly BundledPackage[]) => [...new Set(packages.map(purl))].sort();

/** A UUID of the content (RFC 9562, version 8), so that only another content has another one. */
function serialNumber(content: string): string {
  const bytes = createHash('sha256').update(content).digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex');
  return `urn:uuid:${hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')}`;
}
