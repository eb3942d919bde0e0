import { annotations, connectLinkSecretName, linkKey, secretTypes, squareConnections } from '../api/names.ts';
import { type Duration, formatInstant, parseInstant } from '../clock.ts';
import { type KubeObject, secrets } from '../kube/resource.ts';
import type { Cluster, ServerTime } from './cluster.ts';
import { Ending } from './exit.ts';
import { aborted, type Following, follow } from './follow.ts';
import { conditionOf, type Seen, see, stateOf } from './seen.ts';

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
 * Asks for a link for the seller by the annotation, and resolves with the one that is made for this very request: the
 * Secret is another than before. Ends with `timedOut` where none comes.
 */
export async function requestLink(cluster: Cluster, seen: Seen, { time, timeout, signal }: Asking): Promise<Link> {
  const { clock, client } = cluster;
  const { namespace, name } = seen;
  const secretName = connectLinkSecretName(name);
  const before = (await client.get(secrets, namespace, secretName))?.metadata.resourceVersion;
  const stopping = new AbortController();
  const cancel = clock.after(timeout, () => stopping.abort(new Error('timed out')));
  const both = AbortSignal.any([stopping.signal, signal]);
  const made = Promise.withResolvers<Link>();
  made.promise.catch(() => {});
  const at = new Date(clock.wall() - (time.ahead ?? 0)).toISOString();
  let answers: Following | undefined;
  const onSecret = (_: string, secret: KubeObject | undefined) => {
    const link = secret === undefined || secret.metadata.resourceVersion === before ? undefined : linkIn(secret);
    if (link !== undefined) made.resolve(link);
  };
  try {
    const scope = { namespace, fieldSelector: `metadata.name=${secretName}` };
    const links = await follow(cluster, [scope], onSecret, both, secrets);
    const itself = { namespace, fieldSelector: `metadata.name=${name}` };
    const onConnection = (_: string, object: KubeObject | undefined) => {
      if (object === undefined) made.reject(new Ending('notFound', `${seen.key} was deleted meanwhile.`));
    };
    answers = await follow(cluster, [itself], onConnection, both);
    const metadata = { annotations: { [annotations.connectRequestedAt]: at }, uid: seen.object.metadata.uid };
    await client.mergePatch(squareConnections, namespace, name, { metadata });
    return await Promise.race([made.promise, links.refused, answers.refused, aborted(both)]);
  } catch (error) {
    if (!both.aborted) throw error;
    throw unanswered(answers?.get(seen.key), seen, signal);
  } finally {
    cancel();
    stopping.abort();
  }
}

function linkIn(secret: KubeObject): Link | undefined {
  if (secret['type'] !== secretTypes.connectLink) return undefined;
  const data = (secret['data'] ?? {}) as Readonly<Record<string, string>>;
  const expiresAt = parseInstant(secret.metadata.annotations?.[annotations.expiresAt] ?? '');
  const url = Buffer.from(data[linkKey] ?? '', 'base64').toString('utf8');
  return url === '' || expiresAt === undefined ? undefined : { url, expiresAt: formatInstant(expiresAt) };
}

function unanswered(object: KubeObject | undefined, before: Seen, signal: AbortSignal): Ending {
  if (signal.aborted) return new Ending('interrupted', 'Interrupted; the link may still be made.');
  const now = object === undefined ? before : see(object);
  const ready = conditionOf(now, 'Ready');
  return new Ending(
    'timedOut',
    `No link was made for ${now.key}. Does the operator run (kubectl square doctor), and with --external-url? Its state is ${stateOf(now)}: ${ready?.message ?? ''}`,
  );
}
