import type { Call } from '../model/process.ts';

/** What befalls a process at an edge, if not that everything goes well. */
export const befalls = [
  /** It ends before the call is made. */
  'crash before',
  /** The call is carried out, and the process ends before it hears of it. */
  'crash after',
  /** The same, and its node comes back only after a quarter of an hour. */
  'crash after, back late',
  /** The call is carried out, and the caller is told that no answer came. */
  'answer lost',
  /** The call is refused and not carried out. */
  'refused',
  /** The connection to Square breaks before the request is sent. */
  'not sent',
  /** Square never gets the request, and nobody can know that. */
  'silence',
  /** Square answers 503 and does nothing. */
  '503',
  /** Square does it, and a gateway answers 504 in its place. */
  '504',
  /** The process stands still for minutes with the call before it, and another one leads meanwhile. */
  'pause before',
  /** The same, with the answer before it. */
  'pause after',
  /** The call is under way for so long as it may take, and another process leads meanwhile. */
  'slow',
  /** The process is told to stop. */
  'stop',
] as const;
export type Befall = (typeof befalls)[number];

/** One choice as it prints: where, the how manieth time, and what. `A patch secrets/bakery-sealed #1: crash after`. */
export type Choice = `${string}: ${Befall}`;

/** An edge at which there was a choice. */
export interface ChoicePoint {
  /** `A patch secrets/bakery-sealed #1` */
  readonly name: string;
  readonly alternatives: readonly Befall[];
  /** Whether the edge belongs to the rotation itself; what else there is only follows it. */
  readonly central: boolean;
}

/** A run's list of choices: everything that is not named goes well. */
export interface Choices {
  /** Takes the choice at the next edge. */
  next(replica: string, call: Call): Befall | undefined;
  /** No more choices: from now on all goes well. */
  close(): void;
  /** Edges passed after the last choice of the list, where another one could follow. */
  readonly open: readonly ChoicePoint[];
  /** Choices of the list whose edge never came. */
  readonly missed: () => Choice[];
}

export function createChoices(list: readonly Choice[]): Choices {
  const left = new Set<string>(list);
  const met = new Map<string, number>();
  const open: ChoicePoint[] = [];
  let closed = false;
  return {
    next(replica, call) {
      if (closed) return undefined;
      const place = `${replica} ${placeOf(call)}`;
      const nth = (met.get(place) ?? 0) + 1;
      met.set(place, nth);
      const name = `${place} #${nth}`;
      const alternatives = alternativesAt(call);
      const chosen = alternatives.find((befall) => left.has(`${name}: ${befall}`));
      if (chosen !== undefined) left.delete(`${name}: ${chosen}`);
      else if (left.size === 0 && alternatives.length > 0) open.push({ name, alternatives, central: isCentral(call) });
      return chosen;
    },
    close: () => void (closed = true),
    open,
    missed: () => [...left] as Choice[],
  };
}

function placeOf(call: Call): string {
  switch (call.to) {
    case 'api':
      return `${call.dryRun === true ? 'dry-run ' : ''}${call.verb} ${call.plural}/${call.name}`;
    case 'square':
      return call.operation;
    case 'journal':
      return `journal ${call.verb}`;
  }
}

/** What can befall a process at an edge. A process that ends at a read might as well have ended at the write before it. */
function alternativesAt(call: Call): readonly Befall[] {
  switch (call.to) {
    case 'api':
      if (call.kind === 'read') return call.name.endsWith('-sealed') ? ['refused', 'stop'] : ['refused'];
      return ['crash before', 'crash after', 'answer lost', 'refused', 'pause before', 'pause after', 'stop'];
    case 'square':
      if (call.operation !== 'ObtainToken') return ['503'];
      return [
        'crash before',
        'crash after',
        'answer lost',
        'silence',
        'not sent',
        '503',
        '504',
        'slow',
        'pause after',
        'stop',
      ];
    case 'journal':
      if (call.verb === 'page') return ['refused'];
      if (call.verb === 'discard') return ['crash before', 'crash after'];
      return [
        'crash before',
        'crash after',
        'crash after, back late',
        'refused',
        'pause before',
        'pause after',
        'stop',
      ];
  }
}

/** Whether a rotation depends on it: the sealed record, escrow, the journal, the token request. */
function isCentral(call: Call): boolean {
  switch (call.to) {
    case 'api':
      return call.plural === 'secrets' && /-sealed$|^escrow-/.test(call.name) && call.dryRun !== true;
    case 'square':
      return call.operation === 'ObtainToken';
    case 'journal':
      return call.verb !== 'page';
  }
}
