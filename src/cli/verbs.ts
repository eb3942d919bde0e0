import type { Verb } from './verb.ts';
import { list } from './verbs/list.ts';
import { refresh } from './verbs/refresh.ts';
import { seal } from './verbs/seal.ts';
import { status } from './verbs/status.ts';

/** All verbs, in the order of `--help` and of the reference. */
export const verbs: readonly Verb[] = [status, list, refresh, seal];
