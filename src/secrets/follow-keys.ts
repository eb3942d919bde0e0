import { type FSWatcher, watch } from 'node:fs';
import { type Clock, seconds } from '../clock.ts';
import type { Informer } from '../kube/informer.ts';
import type { Log } from '../kube/log.ts';
import { readKeyFiles } from './key-files.ts';
import { SealingKeyError } from './key-material.ts';
import type { KeySecret, LiveKeyRing } from './port.ts';

/** Keeps the ring as the Secrets are, from the moment the watch is synced. */
export function followKeySecrets(view: Informer<KeySecret>, ring: LiveKeyRing, log: Log): void {
  const look = () => takeKeySecrets(view, ring, log);
  view.onChange(() => {
    if (view.synced()) look();
  });
  void view.whenSynced().then(look);
}

/**
 * Makes the ring as the Secrets are now. While one of them cannot be read the ring stays as it was, and the log says which:
 * half a ring would call sound grants unreadable.
 */
export function takeKeySecrets(view: Informer<KeySecret>, ring: LiveKeyRing, log: Log): void {
  const keys = [...view.entries()].map(([, key]) => key);
  try {
    const problem = keys.find((key) => key.problem !== undefined)?.problem;
    if (problem !== undefined) throw problem;
    ring.replace(keys.flatMap(({ material = [] }) => material));
  } catch (error) {
    if (!(error instanceof SealingKeyError)) throw error;
    log.error({ err: error }, kept);
  }
}

const kept = 'a sealing key cannot be read: the ring stays as it was';

export interface KeyFilesOptions {
  readonly directory: string;
  readonly ring: LiveKeyRing;
  readonly clock: Clock;
  readonly log: Log;
}

/** Mounts are swapped in several steps; a look waits for the last of them. */
const swapTakes = seconds(0.1);
/** Not every mount tells of its changes. */
const lookEvery = seconds(30);
/** After a look that failed, or that found nothing: mounts come and go. */
const lookAgainAfter = seconds(1);

/**
 * Keeps the ring as the files are, until `signal` is aborted: looks when the file system tells of a change, and every 30
 * seconds besides, since volumes are swapped by symbolic links or mounted anew. While a file cannot be read the ring stays
 * as it was. A directory without keys is believed when it is found so twice.
 */
export function followKeyFiles(options: KeyFilesOptions, signal: AbortSignal): void {
  const { directory, ring, clock, log } = options;
  let watcher: FSWatcher | undefined;
  let cancel = () => {};
  let emptyBefore = false;
  let said = '';
  let looking = false;
  let again = false;

  const lookIn = (delay: number) => {
    cancel();
    if (!signal.aborted) cancel = clock.after(delay, () => void look());
  };
  const look = async (): Promise<void> => {
    looking = true;
    watcher ??= watched(directory, onNews, lost);
    const wellRead = await read();
    if (!wellRead) lost();
    looking = false;
    lookIn(again ? swapTakes : wellRead ? lookEvery : lookAgainAfter);
    again = false;
  };
  const onNews = () => {
    if (looking) again = true;
    else lookIn(swapTakes);
  };
  const lost = () => {
    watcher?.close();
    watcher = undefined;
  };
  /** Whether what is there was understood, and taken. */
  async function read(): Promise<boolean> {
    try {
      ring.replace(await readKeyFiles(directory));
      emptyBefore = false;
      said = '';
      return true;
    } catch (error) {
      if (!(error instanceof SealingKeyError)) throw error;
      const empty = error.code === 'KeyRingEmpty';
      if (empty && emptyBefore) ring.replace([]);
      emptyBefore = empty;
      if (!empty && said !== error.message) log.error({ err: error }, kept);
      said = error.message;
      return false;
    }
  }

  signal.addEventListener('abort', () => {
    cancel();
    lost();
  });
  lookIn(0);
}

/** `undefined` where the directory cannot be watched now; it is tried again with the next look. */
function watched(directory: string, onChange: () => void, onLost: () => void): FSWatcher | undefined {
  try {
    return watch(directory, { persistent: false }, onChange).on('error', onLost);
  } catch {
    return undefined;
  }
}
