import { connectLinkSecretName } from '../api/names.ts';
import { hours } from '../clock.ts';
import type { Observation } from '../domain/observation.ts';
import type { Fact } from '../domain/step.ts';
import { keyFrom } from '../kube/resource.ts';
import { makeConnectLink, removeConnectLink, storeConnectLink } from '../secrets/connect-link.ts';
import type { ObserveDeps } from './observe.ts';
import { notCleared, sentence, WriteRefused } from './write-refused.ts';

/** A link is good for so long, unless somebody signs in before. */
const linkLasts = hours(1);

/** Puts a new link for the seller into its Secret; an earlier one ends thereby. */
export async function offerLink(deps: ObserveDeps, { connection }: Observation): Promise<Fact> {
  const { client, clock, ring, externalURL, watches } = deps;
  if (externalURL === undefined) return { kind: 'Stale' };
  if (ring.isEmpty) return { kind: 'NotOffered', message: 'There is no sealing key: restore it from a backup.' };
  const expiresAt = Math.floor((clock.wall() + linkLasts) / 1_000) * 1_000;
  const url = makeConnectLink(ring, externalURL, connection, expiresAt);
  const outcome = await storeConnectLink(client, connection, url, expiresAt);
  switch (outcome.kind) {
    case 'Stored':
      watches.links.absorb(outcome.object);
      return { kind: 'Offered', secret: connectLinkSecretName(connection.name), expiresAt };
    case 'Conflict':
      return { kind: 'Stale' };
    case 'NotOwned':
      return { kind: 'NotOffered', message: sentence(outcome.message) };
    case 'Failed':
      // What the API server is not up to just now is tried again, as long as the request is new enough.
      if (mayPass(outcome.status)) throw new WriteRefused(outcome.message, outcome.status);
      return { kind: 'NotOffered', message: `${sentence(outcome.message)} Mend that, and ask again.` };
  }
}

/** 409: of a quota that is changed by many at once the API server says that, too. */
const mayPass = (status: number): boolean => status < 400 || status === 409 || status === 429 || status >= 500;

/** Takes the link away, if it is still the one that was seen. */
export async function endLink(
  { client, watches }: Pick<ObserveDeps, 'client' | 'watches'>,
  { connection }: Observation,
): Promise<Fact> {
  const secret = connectLinkSecretName(connection.name);
  const key = keyFrom(connection.namespace, secret);
  const held = watches.links.get(key);
  if (held === undefined) return { kind: 'LinkEnded' };
  try {
    await removeConnectLink(client, connection, held);
  } catch (error) {
    return notCleared(error, secret);
  }
  watches.links.forget(key, held.uid);
  return { kind: 'LinkEnded' };
}
