import { annotations, connectLinkSecretName, linkKey, secretTypes, squareConnections } from '../api/names.ts';
import { type Duration, formatInstant, type Instant, parseInstant } from '../clock.ts';
import { type KubeObject, secrets } from '../kube/resource.ts';
import type { Cluster, ServerTime } from './cluster.ts';
import { Ending } from './exit.ts';
import { aborted, type Following, follow } from './follow.ts';
import { type Seen, see, stateInWords } from './seen.ts';

export interface Link {
  readonly url: string;
  /** RFC 3339. */
  readonly expiresAt: string;
}

export interface Asking {
  readonly time: ServerTime;
  readonly timeout: Duration;
  readonly signal: AbortSignal;
}

/**
 * Asks for a link for the seller by the annotation, and resolves with the one that is made for this very request: it is
 * answered, and the Secret is another than before. Ends with `notReady` where the operator says no, with `timedOut` where
 * it says nothing. Of Secrets it reads that one.
 */
export async function requestLink(cluster: Cluster, seen: Seen, { time, timeout, signal }: Asking): Promise<Link> {
  const { clock, client } = cluster;
  const { namespace, name } = seen;
  const read = () => client.get(secrets, namespace, connectLinkSecretName(name));
  const before = (await read())?.metadata.resourceVersion;
  const stopping = new AbortController();
  const cancel = clock.after(timeout, () => stopping.abort(new Error('timed out')));
  const both = AbortSignal.any([stopping.signal, signal]);
  const at = clock.wall() - (time.ahead ?? 0);
  const answered = Promise.withResolvers<Seen>();
  answered.promise.catch(() => {});
  let following: Following | undefined;
  const look = (_: string, object: KubeObject | undefined) => {
    if (object === undefined) answered.reject(new Ending('notFound', `${seen.key} was deleted meanwhile.`));
    else if (isAnswered(see(object), at)) answered.resolve(see(object));
  };
  try {
    following = await follow(cluster, [{ namespace, fieldSelector: `metadata.name=${name}` }], look, both);
    const request = { [annotations.connectRequestedAt]: new Date(at).toISOString() };
    const metadata = { annotations: request, uid: seen.object.metadata.uid };
    await client.mergePatch(squareConnections, namespace, name, { metadata });
    const now = await Promise.race([answered.promise, following.refused, aborted(both)]);
    const secret = await read();
    const link = secret === undefined || secret.metadata.resourceVersion === before ? undefined : linkIn(secret);
    if (link === undefined) throw new Ending('notReady', refusalOf(now));
    return link;
  } catch (error) {
    if (!both.aborted) throw error;
    throw unanswered(following?.get(seen.key), seen, signal);
  } finally {
    cancel();
    stopping.abort();
  }
}

/** By this request's value, or that of a later one, which took its place before it was seen. */
const isAnswered = ({ status }: Seen, at: Instant): boolean =>
  (parseInstant(status.lastHandledConnectRequest ?? '') ?? 0) >= at;

function linkIn(secret: KubeObject): Link | undefined {
  if (secret['type'] !== secretTypes.connectLink) return undefined;
  const data = (secret['data'] ?? {}) as Readonly<Record<string, string>>;
  const expiresAt = parseInstant(secret.metadata.annotations?.[annotations.expiresAt] ?? '');
  const url = Buffer.from(data[linkKey] ?? '', 'base64').toString('utf8');
  return url === '' || expiresAt === undefined ? undefined : { url, expiresAt: formatInstant(expiresAt) };
}

/** The request was answered, and no link is there. */
function refusalOf(seen: Seen): string {
  const why =
    seen.status.authorizeURL === undefined
      ? 'the operator has no pages to sign in on: start it with --external-url.'
      : `${stateInWords(seen)} "kubectl square status ${seen.name}" shows its events.`;
  return `No link can be made for ${seen.key}: ${why}`;
}

function unanswered(object: KubeObject | undefined, before: Seen, signal: AbortSignal): Ending {
  if (signal.aborted) return new Ending('interrupted', 'Interrupted; the link may still be made.');
  const now = object === undefined ? before : see(object);
  return new Ending(
    'timedOut',
    `No link was made for ${now.key}, and nothing was answered: see whether the operator runs (kubectl square doctor). ${stateInWords(now)}`,
  );
}
