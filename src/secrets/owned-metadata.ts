import { group } from '../api/names.ts';

/**
 * The annotation of a token Secret that names the labels and annotations it has from `spec.secret`: without it nobody
 * could tell ours, which are healed and taken away again, from those that others put there, which are left alone.
 */
export const ownedMetadata = `${group}/owned-metadata`;

export interface OwnedMetadata {
  readonly labels: readonly string[];
  readonly annotations: readonly string[];
}

/** The annotation's value; `undefined` when there is nothing to name. */
export function recordOf(labels: readonly string[], annotations: readonly string[]): string | undefined {
  if (labels.length + annotations.length === 0) return undefined;
  return JSON.stringify({ labels: [...labels].sort(), annotations: [...annotations].sort() });
}

/** Reads the annotation. What somebody else made of it counts as nothing named. */
export function readOwned(record: string | undefined): OwnedMetadata {
  try {
    const { labels, annotations } = JSON.parse(record ?? '{}') as Partial<OwnedMetadata>;
    return { labels: strings(labels), annotations: strings(annotations) };
  } catch {
    return { labels: [], annotations: [] };
  }
}

const strings = (list: unknown): string[] =>
  Array.isArray(list) ? list.filter((item): item is string => typeof item === 'string') : [];
