import { chmodSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { type BuildOptions, build, type Metafile } from 'esbuild';

export interface Program {
  readonly entry: string;
  /** One file that runs without `node_modules`. */
  readonly outfile: string;
}

/** What is shipped. */
export const programs: readonly Program[] = [
  { entry: 'src/main.ts', outfile: 'dist/square-operator.js' },
  { entry: 'src/cli/main.ts', outfile: 'dist/kubectl-square.js' },
];

export interface Bundled {
  /** The file's name. */
  readonly program: string;
  readonly bytes: number;
  /** Every file that something of it comes from, from the root of the repository. */
  readonly inputs: readonly string[];
}

const options = (root: string, { entry, outfile }: Program) =>
  ({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile,
    // Paths are in the bundle; they must not tell where the packages of whoever builds it lie.
    preserveSymlinks: true,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    banner: { js: '#!/usr/bin/env node' },
    minifyWhitespace: true,
    minifySyntax: true,
    sourcemap: 'linked',
    sourcesContent: false,
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning',
  }) satisfies BuildOptions;

/**
 * Bundles a program for Node 24 into one executable CommonJS file, which starts faster and in less memory than a module. Names are
 * kept, so that stack traces can be read as they are; the source map beside it is for `--enable-source-maps`. Rejects on
 * warnings of our own sources.
 */
export async function bundle(root: string, program: Program): Promise<Bundled> {
  const { metafile, warnings } = await build(options(root, program));
  const ours = warnings.filter(({ location }) => !location?.file.includes('node_modules'));
  if (ours.length > 0) throw new Error(`${program.entry}: ${ours.map(({ text }) => text).join('; ')}`);
  chmodSync(resolve(root, program.outfile), 0o755);
  return bundled(program, metafile);
}

/** What `bundle` would put into the file, without writing it. */
export async function contentOf(root: string, program: Program): Promise<Bundled> {
  const { metafile } = await build({ ...options(root, program), write: false, logLevel: 'silent' });
  return bundled(program, metafile);
}

function bundled({ outfile }: Program, { outputs }: Metafile): Bundled {
  const { bytes = 0, inputs = {} } = Object.entries(outputs).find(([path]) => path.endsWith('.js'))?.[1] ?? {};
  const used = Object.entries(inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0);
  return { program: basename(outfile), bytes, inputs: used.map(([path]) => path) };
}
