import { type ReasonEntry, reasons } from '../../api/conditions.ts';
import type { StoredStatus } from '../../domain/recall.ts';

/** How bad it is. A page shows it by an icon and a word, and by colour besides. */
export type Tone = 'good' | 'busy' | 'warn' | 'bad' | 'off';

export interface StaffState {
  readonly tone: Tone;
  /** The reason of `Ready`, as words. */
  readonly word: string;
  /** The reason as it stands in the status. */
  readonly reason: string;
  readonly means: string;
  /** What a person does about it; empty when nothing is to be done. */
  readonly remedy: string;
}

/** States in which nothing is wrong, but nothing works either, because somebody wants it so. */
const resting: ReadonlySet<string> = new Set(['Suspended', 'Disconnected']);
const waiting: ReadonlySet<string> = new Set(['AwaitingAuthorization']);
/** Reasons under which the token still works, and a person should not wait until it does not. */
const uneasy: ReadonlySet<string> = new Set(['ReauthorizationNeeded', 'RotationOutcomeLost', 'GrantNotStored']);

/** What the status says, for the platform team: nothing here is found out anew. */
export function staffState(told: StoredStatus, deleting: boolean): StaffState {
  const ready = told.conditions.get('Ready');
  if (deleting) return { tone: 'busy', word: 'Being deleted', reason: 'Deleting', means: '', remedy: '' };
  if (ready === undefined) {
    const means = 'The operator has not looked at it yet.';
    return { tone: 'busy', word: 'Not looked at yet', reason: '', means, remedy: '' };
  }
  const { means = '', remedy = '' } = entryOf(ready.reason) ?? {};
  const tone = toneOf(told, ready);
  return {
    tone,
    word: inWords(ready.reason),
    reason: ready.reason,
    means,
    remedy: remedy === '' && tone === 'warn' ? remedyBesides(told) : remedy,
  };
}

const entryOf = (reason: string): ReasonEntry | undefined =>
  Object.hasOwn(reasons, reason) ? reasons[reason as keyof typeof reasons] : undefined;

/** Of what is not well while the token works: the first thing that somebody can do. */
function remedyBesides({ conditions }: StoredStatus): string {
  const unwell = ['Valid', 'Renewable', 'ScopesSatisfied'].map((type) => conditions.get(type));
  const remedies = unwell.map((one) => (one === undefined || one.status === 'True' ? '' : entryOf(one.reason)?.remedy));
  return remedies.find((remedy) => remedy !== undefined && remedy !== '') ?? '';
}

function toneOf({ conditions }: StoredStatus, ready: { readonly status: string; readonly reason: string }): Tone {
  const is = (type: string, status: string) => conditions.get(type)?.status === status;
  if (ready.status === 'True') {
    const well = is('Valid', 'True') && is('Renewable', 'True') && !is('ScopesSatisfied', 'False');
    return well && !uneasy.has(ready.reason) ? 'good' : 'warn';
  }
  if (resting.has(ready.reason)) return 'off';
  if (waiting.has(ready.reason)) return 'busy';
  if (is('Stalled', 'True') || is('Revoked', 'True') || is('Expired', 'True')) return 'bad';
  return is('Reconciling', 'True') ? 'busy' : 'bad';
}

/** `AwaitingAuthorization` is "Awaiting authorization". */
export function inWords(reason: string): string {
  const words = reason.replaceAll(/(?<=[a-z0-9])(?=[A-Z])/g, ' ').toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
