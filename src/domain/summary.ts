import { type Verdict, yes } from './verdict.ts';

/** The summary, and what it means for waiting tools: going on by itself, or stuck until a person changes something. */
export interface Summary {
  readonly ready: Verdict;
  readonly reconciling?: Verdict;
  readonly stalled?: Verdict;
}

export const stuck = (ready: Verdict): Summary => ({ ready, stalled: yes(ready.reason, ready.message) });
export const goingOn = (ready: Verdict): Summary => ({ ready, reconciling: yes('Retrying', ready.message) });
/** Neither: it waits for somebody, and that is no fault. */
export const resting = (ready: Verdict): Summary => ({ ready });
