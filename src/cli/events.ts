import { type Instant, parseInstant } from '../clock.ts';
import type { KubeObject } from '../kube/resource.ts';

export interface EventLine {
  /** RFC 3339: when it happened last. */
  readonly at: string;
  readonly type: string;
  readonly reason: string;
  readonly note: string;
  readonly count: number;
}

export interface Told {
  readonly events: readonly EventLine[];
  /** Why they could not be read. */
  readonly why?: string;
}

/** So many are shown; the API server forgets events after an hour by itself. */
const shown = 8;

interface StoredEvent {
  readonly eventTime?: string | null;
  readonly deprecatedLastTimestamp?: string | null;
  readonly type?: string;
  readonly reason?: string;
  readonly note?: string;
  readonly series?: { readonly count: number; readonly lastObservedTime: string } | null;
  readonly regarding?: { readonly uid?: string };
}

/** Those about the object of this UID, the latest first. */
export function eventsOf(items: readonly KubeObject[], uid: string | undefined): EventLine[] {
  return items
    .map((item) => ({ item, ...(item as unknown as StoredEvent) }))
    .filter(({ regarding }) => uid === undefined || regarding?.uid === undefined || regarding.uid === uid)
    .map(({ item, eventTime, deprecatedLastTimestamp, type = '', reason = '', note = '', series }) => ({
      at: series?.lastObservedTime ?? eventTime ?? deprecatedLastTimestamp ?? item.metadata.creationTimestamp ?? '',
      type,
      reason,
      note,
      count: series?.count ?? 1,
    }))
    .sort((a, b) => instantOf(b) - instantOf(a))
    .slice(0, shown);
}

const instantOf = ({ at }: EventLine): Instant => parseInstant(at) ?? 0;
