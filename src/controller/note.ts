import type { EventNote } from '../kube/events.ts';

/** An event that does not yet say what it is about. */
export type Note = Pick<EventNote, 'type' | 'reason' | 'action' | 'note'>;

export const note = (type: Note['type'], reason: string, action: string, text: string): Note => ({
  type,
  reason,
  action,
  note: text,
});
