import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ensurePrograms, type GoProgram } from '../cluster/build.ts';
import { programDir } from '../cluster/cache.ts';
import type { Report } from '../cluster/provider.ts';
import { archive } from './archive.ts';

export const pauseImage = 'localhost/pause:1';

/** What holds the namespaces of a pod: it waits, and reaps what other containers leave it. */
const source = `package main

import (
	"os"
	"os/signal"
	"syscall"
)

func main() {
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGCHLD)
	for one := range signals {
		if one != syscall.SIGCHLD {
			return
		}
		for {
			if pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); pid <= 0 || err != nil {
				break
			}
		}
	}
}
`;

const program: GoProgram = {
  name: 'pause',
  package: '.',
  ldflags: '-s -w',
  async write(dir) {
    await mkdir(dir, { recursive: true });
    await writeFile(join(dir, 'go.mod'), 'module programs/pause\n\ngo 1.21\n');
    await writeFile(join(dir, 'main.go'), source);
  },
};

/** Builds the image that every pod begins with; gives its archive. */
export async function buildPauseImage(dir: string, report: Report): Promise<string> {
  const built = await ensurePrograms([program], programDir(program.name, '1'), report);
  const root = join(dir, 'pause');
  await mkdir(root, { recursive: true });
  await copyFile(join(built, program.name), join(root, program.name));
  const file = join(dir, 'pause.tar');
  await archive(file, pauseImage, { root, entrypoint: ['/pause'] });
  return file;
}
