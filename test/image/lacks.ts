import { spawnSync } from 'node:child_process';

const programs = ['buildah', 'podman', 'conmon', 'runc', 'tar', 'ldd', 'npm'];

/** What this machine lacks to build and run the image, and how to get it, or `undefined`. */
export function lacksForImage(): string | undefined {
  if (process.getuid?.() !== 0) return 'the image is built by root, for it is built in a chroot';
  const missing = programs.filter((name) => spawnSync('sh', ['-c', `command -v ${name}`]).status !== 0);
  if (missing.length === 0) return undefined;
  return `to build and run the image ${missing.join(', ')} is missing: apt-get install buildah podman conmon runc`;
}
