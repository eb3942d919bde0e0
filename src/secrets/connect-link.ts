import { createHash } from 'node:crypto';
import { z } from 'zod';
import {
  annotations,
  apiVersion,
  connectLinkSecretName,
  connectPage,
  linkKey,
  secretTypes,
  squareConnections,
} from '../api/names.ts';
import { formatInstant, type Instant, parseInstant } from '../clock.ts';
import { isReason, type KubeClient } from '../kube/client.ts';
import { type KubeObject, secrets } from '../kube/resource.ts';
import { openFromBrowser, sealForBrowser } from './browser-seal.ts';
import type { HeldSecret, KeyRing, WriteProblem } from './port.ts';
import { textOf, typeOf } from './secret-text.ts';
import { changeProblem, createProblem, notOwned } from './write-problem.ts';

/** The connection that a link is for; a later one of the same name is another. */
export interface LinkedConnection {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

type Place = Pick<LinkedConnection, 'namespace' | 'name'>;

/** What the watch keeps of `<connection>-connect-link`: nothing of the link. */
export interface ConnectLinkSecret extends HeldSecret {
  /** UID of the connection that owns it. */
  readonly owner?: string;
  /** Of the wall clock. */
  readonly expiresAt: Instant;
}

export type LinkOpened =
  | {
      readonly ok: true;
      readonly connection: LinkedConnection;
      readonly expiresAt: Instant;
      /** Tells the link from others, and gives nobody its authority. */
      readonly digest: string;
    }
  /** `Ended`: it was used, replaced by a newer one, or taken back. */
  | { readonly ok: false; readonly why: 'Expired' | 'Ended' | 'Invalid' };

const content = z.object({ namespace: z.string(), name: z.string(), uid: z.string() });

/** The parameter of the page's address that holds the authority. */
const parameter = 'link';

/** The link for a seller: whoever has it may sign in for this one connection until `expiresAt` of the wall clock. */
export function makeConnectLink(
  ring: KeyRing,
  externalURL: string,
  { namespace, name, uid }: LinkedConnection,
  expiresAt: Instant,
): string {
  return addressOf(externalURL, { namespace, name }, sealForBrowser(ring, 'link', { namespace, name, uid }, expiresAt));
}

const addressOf = (externalURL: string, { namespace, name }: Place, link: string): string =>
  `${connectPage(externalURL, namespace, name)}?${parameter}=${link}`;

/** A link that lies ready for a seller. */
export interface ConnectLink {
  readonly url: string;
  /** Of the wall clock. */
  readonly expiresAt: Instant;
}

/**
 * The link that lies ready for the seller of this very connection; none that has ended, or that this operator did not make:
 * whoever may write Secrets there could send people elsewhere by it. Rejects with a `KubeError`.
 */
export async function findConnectLink(
  deps: { readonly client: Pick<KubeClient, 'get'>; readonly ring: KeyRing; readonly externalURL: string },
  { namespace, name, uid }: LinkedConnection,
  now: Instant,
): Promise<ConnectLink | undefined> {
  const stored = await storedLink(deps.client, { namespace, name });
  const opened = openFromBrowser(deps.ring, 'link', content, stored, now);
  if (stored === undefined || !opened.ok) return undefined;
  const { value: of, expiresAt } = opened;
  if (of.namespace !== namespace || of.name !== name || of.uid !== uid) return undefined;
  return { url: addressOf(deps.externalURL, { namespace, name }, stored), expiresAt };
}

/**
 * Whether the text is a link of the connection that the address names, and the Secret of the link still holds it: taking
 * up a grant, a newer link, or deleting the Secret ends it at once, on every replica. One GET, for a sound link only.
 * Rejects with a `KubeError` when the API server cannot be asked.
 */
export async function openConnectLink(
  deps: { readonly client: Pick<KubeClient, 'get'>; readonly ring: KeyRing },
  { namespace, name }: Place,
  text: string | undefined,
  now: Instant,
): Promise<LinkOpened> {
  const opened = openFromBrowser(deps.ring, 'link', content, text, now);
  if (!opened.ok) return opened;
  const { value: connection, expiresAt } = opened;
  if (connection.namespace !== namespace || connection.name !== name) return { ok: false, why: 'Invalid' };
  const stored = await storedLink(deps.client, { namespace, name });
  if (stored === undefined || stored !== text) return { ok: false, why: 'Ended' };
  return { ok: true, connection, expiresAt, digest: digestOf(stored) };
}

/** Whether the Secret still holds the link with this digest. Rejects with a `KubeError`. */
export async function isLinkThere(client: Pick<KubeClient, 'get'>, place: Place, digest: string): Promise<boolean> {
  const stored = await storedLink(client, place);
  return stored !== undefined && digestOf(stored) === digest;
}

const digestOf = (link: string): string => createHash('sha256').update(link).digest('base64url');

async function storedLink(client: Pick<KubeClient, 'get'>, { namespace, name }: Place): Promise<string | undefined> {
  const there = await client.get(secrets, namespace, connectLinkSecretName(name));
  const url = there && typeOf(there) === secretTypes.connectLink ? textOf(there, linkKey) : undefined;
  return url !== undefined && URL.canParse(url) ? (new URL(url).searchParams.get(parameter) ?? undefined) : undefined;
}

export function projectConnectLink({ metadata }: KubeObject): ConnectLinkSecret {
  const { uid = '', resourceVersion = '', ownerReferences = [] } = metadata;
  const owner = ownerReferences.find(({ kind }) => kind === squareConnections.kind)?.uid;
  // Without a time that can be read it has ended.
  const expiresAt = parseInstant(metadata.annotations?.[annotations.expiresAt] ?? '') ?? 0;
  return { uid, resourceVersion, expiresAt, ...(owner !== undefined && { owner }) };
}

/**
 * Puts the link into its Secret, over an earlier one, which ends thereby. The Secret goes with the connection. Throws
 * nothing of the API server's.
 */
export async function storeConnectLink(
  client: KubeClient,
  { namespace, name: connection, uid }: LinkedConnection,
  url: string,
  expiresAt: Instant,
): Promise<{ readonly kind: 'Stored'; readonly object: KubeObject } | WriteProblem> {
  const name = connectLinkSecretName(connection);
  const where = `${namespace}/${name}`;
  const owner = { apiVersion, kind: squareConnections.kind, name: connection, uid };
  const data = { [linkKey]: Buffer.from(url).toString('base64') };
  const notes = { [annotations.expiresAt]: formatInstant(expiresAt) };
  const metadata = { annotations: notes, ownerReferences: [owner] };
  const type = secretTypes.connectLink;
  try {
    const manifest = { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace, ...metadata }, type, data };
    return { kind: 'Stored', object: await client.create(secrets, manifest) };
  } catch (error) {
    if (!isReason(error, 'AlreadyExists')) return createProblem(error, where);
  }
  try {
    const there = await client.get(secrets, namespace, name);
    if (there === undefined) return { kind: 'Conflict', message: `the Secret ${where} was removed meanwhile` };
    if (typeOf(there) !== type) return notOwned(where, `its type is not ${type}`);
    const { uid: held, resourceVersion } = there.metadata;
    const patch = { metadata: { ...metadata, uid: held, resourceVersion }, data };
    return { kind: 'Stored', object: await client.mergePatch(secrets, namespace, name, patch) };
  } catch (error) {
    return changeProblem(error, where);
  }
}

/** Ends the link. Rejects with a `KubeError`; resolves when it was gone already. */
export const removeConnectLink = (
  client: Pick<KubeClient, 'delete'>,
  { namespace, name }: Place,
  { uid, resourceVersion }: HeldSecret,
): Promise<void> => client.delete(secrets, namespace, connectLinkSecretName(name), { uid, resourceVersion });
