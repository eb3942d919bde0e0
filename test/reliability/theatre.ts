import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { bundle } from '../../tools/bundle/bundle.ts';
import { openApi } from '../cluster/api.ts';
import { createLive } from '../support/live.ts';
import { openUpstream } from '../support/upstream.ts';
import type { Theatre } from './stage.ts';

const root = resolve(import.meta.dirname, '../..');

export interface OpenTheatre extends Theatre {
  close(): Promise<void>;
}

/** Bundles the operator and follows the whole cluster of the kubeconfig. The folder is the caller's to remove. */
export async function openTheatre(kubeconfig: string, dir: string): Promise<OpenTheatre> {
  await mkdir(dir, { recursive: true });
  const program = join(dir, 'square-operator.cjs');
  const [api, upstream] = await Promise.all([
    openApi(kubeconfig),
    openUpstream(kubeconfig),
    bundle(root, { entry: 'src/main.ts', outfile: program }),
  ]);
  const live = await createLive(kubeconfig, api);
  await live.follow();
  return {
    api,
    live,
    kubeconfig,
    upstream,
    program,
    dir,
    async close() {
      live.stop();
      await Promise.all([api.close(), upstream.dispatcher.destroy()]);
    },
  };
}
