import { deletion, disconnection, keyRotation } from './endings.ts';
import {
  adoption,
  firstStart,
  refreshAsked,
  refreshDue,
  replacement,
  revocation,
  type Scenario,
  takeUp,
  twoReplicas,
} from './scenario.ts';

/** All that is played. */
export const scenarios: readonly Scenario[] = [
  firstStart,
  ...[false, true].flatMap((singleUse) => [
    takeUp(singleUse),
    refreshDue(singleUse),
    refreshAsked(singleUse),
    replacement(singleUse),
  ]),
  adoption,
  revocation,
  disconnection,
  deletion,
  keyRotation,
  twoReplicas(false),
  twoReplicas(true),
];
