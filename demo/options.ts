import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { providers } from '../test/cluster/start.ts';

export interface Options {
  /** Run through, print a table and end. */
  readonly once: boolean;
  /** Leave the folder, with the operator's log, behind. */
  readonly keep: boolean;
  /** Run the bundled program in place of the sources. */
  readonly built: boolean;
  readonly dir: string | undefined;
  readonly provider: string | undefined;
  readonly useExistingCluster: boolean | undefined;
}

export const helpText = `Shows the life of one SquareConnection: a real Kubernetes API server, the operator as a
process of its own under its own role, and Square played by a simulator whose clock can be moved.

  npm run demo -- [--once] [--dir DIR] [--keep] [--built]
                  [--provider NAME | --use-existing-cluster]

  --once      run through, print a table, exit 0 only if every step was seen;
              without it everything stays up after the story until Ctrl-C
  --dir       a new or empty folder for kubeconfig and logs; default: one under the
              system's folder for temporary files
  --keep      leave that folder and the operator's log behind at the end
  --built     run dist/square-operator.js (npm run build) in place of src/main.ts
  --provider  of the control plane, one of ${providers.map(({ name }) => name).join(', ')};
              default: the first of them that is there
  --use-existing-cluster
              the cluster of KUBECONFIG; what the demo makes there it removes at the end
`;

/** What is asked for on the command line; `undefined` for `--help`. Throws on what it does not know. */
export function readOptions(args: readonly string[]): Options | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      once: { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
      built: { type: 'boolean', default: false },
      dir: { type: 'string' },
      provider: { type: 'string' },
      'use-existing-cluster': { type: 'boolean' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return undefined;
  const { once, keep, built, dir, provider } = values;
  const useExistingCluster = values['use-existing-cluster'];
  return { once, keep, built, dir: dir === undefined ? undefined : resolve(dir), provider, useExistingCluster };
}
