import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ensurePrograms, type GoProgram } from '../../test/cluster/build.ts';
import { cached, programDir } from '../../test/cluster/cache.ts';
import { goBuilds } from '../../test/cluster/go.ts';
import type { Report } from '../../test/cluster/provider.ts';

/** A program of others, built once from its Go module at a fixed version. */
export interface GoTool {
  /** Why the program cannot be had on this machine and what helps, or `undefined` when it can. */
  lacks(): string | undefined;
  /** The path of the program, which is built where it was not before. */
  find(report: Report): Promise<string>;
}

function goTool(name: string, module: string, version: string): GoTool {
  const dir = programDir(name, version);
  const program: GoProgram = {
    name,
    package: `${module}/cmd/${name}`,
    ldflags: `-s -w -X main.version=${version}`,
    async write(folder) {
      await mkdir(folder, { recursive: true });
      const text = `module programs/${name}\n\ngo 1.26.0\n\nrequire ${module} ${version}\n`;
      await writeFile(join(folder, 'go.mod'), text);
    },
  };
  return {
    lacks() {
      if (cached(name, dir)) return undefined;
      const go = goBuilds();
      return go === true ? undefined : `no ${name}: ${go}; install Go 1.21 or newer (https://go.dev/dl)`;
    },
    find: async (report) => join(await ensurePrograms([program], dir, report), name),
  };
}

/** Lints the workflows of GitHub. */
export const actionlint = goTool('actionlint', 'github.com/rhysd/actionlint', 'v1.7.12');

/** Compares manifests with schemas. */
export const kubeconform = goTool('kubeconform', 'github.com/yannh/kubeconform', 'v0.8.0');

/** Scores manifests by what is good practice. */
export const kubeScore = goTool('kube-score', 'github.com/zegl/kube-score', 'v1.20.0');
