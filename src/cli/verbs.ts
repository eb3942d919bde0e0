import type { Verb } from './verb.ts';
import { completion } from './verbs/completion.ts';
import { connect } from './verbs/connect.ts';
import { doctor } from './verbs/doctor.ts';
import { keys } from './verbs/keys.ts';
import { list } from './verbs/list.ts';
import { plan } from './verbs/plan.ts';
import { adopt, disconnect, refresh, resume, suspend } from './verbs/requests.ts';
import { seal } from './verbs/seal.ts';
import { status } from './verbs/status.ts';

/** All verbs, in the order of `--help` and of the reference. */
export const verbs: readonly Verb[] = [
  status,
  list,
  connect,
  refresh,
  disconnect,
  adopt,
  suspend,
  resume,
  seal,
  keys,
  plan,
  doctor,
  completion,
];
