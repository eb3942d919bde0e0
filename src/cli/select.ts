import { squareConnections } from '../api/names.ts';
import { isReason, KubeError } from '../kube/client.ts';
import type { KubeObject } from '../kube/resource.ts';
import type { Cluster } from './cluster.ts';
import { Ending, type Exit } from './exit.ts';
import type { Selecting } from './options.ts';
import { type Seen, see } from './seen.ts';

/** Which connections are meant. */
export interface Selection {
  readonly found: readonly Seen[];
  /** Names that no connection has. */
  readonly missing: readonly string[];
}

/** A name as it may be written: `bakery`, `sqc/bakery`, `squareconnection.square-operator.dev/bakery`. */
export const plainName = (name: string): string => name.replace(/^(sqc|squareconnections?)(\.[^/]*)?\//, '');

/** Those of the names, or all that match. Names go with neither `-l` nor `-A`: they are of one namespace. */
export async function select(cluster: Cluster, names: readonly string[], how: Selecting): Promise<Selection> {
  if (names.length > 0) {
    if (how.selector !== undefined || how.allNamespaces === true) {
      throw new Ending('usage', 'Names go with neither -l nor -A: write the one or the other.');
    }
    return byName(cluster, [...new Set(names.map(plainName))]);
  }
  return { found: await all(cluster, how), missing: [] };
}

async function byName({ client, namespace }: Cluster, names: readonly string[]): Promise<Selection> {
  const got = await Promise.all(
    names.map(async (name) => ({
      name,
      object: await client.get(squareConnections, namespace, name).catch(noSuchName),
    })),
  );
  return {
    found: got.flatMap(({ object }) => (object === undefined ? [] : [see(object)])),
    missing: got.flatMap(({ name, object }) => (object === undefined ? [name] : [])),
  };
}

/** What cannot be the name of an object names none. */
function noSuchName(error: unknown): undefined {
  if (error instanceof KubeError && error.status === 404 && error.about !== undefined) return undefined;
  throw error;
}

/** All of the namespace, or of the cluster, by namespace and name. */
export async function all({ client, namespace }: Cluster, how: Selecting): Promise<Seen[]> {
  const where = { namespace: how.allNamespaces === true ? undefined : namespace, labelSelector: how.selector };
  const { items } = await client.list(squareConnections, where).catch((error: unknown) => {
    throw how.selector !== undefined && isReason(error, 'BadRequest') ? unreadable(how.selector, error) : error;
  });
  return items.map(see).sort((a, b) => compare(a.namespace, b.namespace) || compare(a.name, b.name));
}

/** The API server's words on what is no selector of labels. */
function unreadable(selector: string, error: unknown): Ending {
  const words = error instanceof KubeError ? error.message.replace(/^.* 400 BadRequest:? ?/, '') : '';
  return new Ending('usage', `-l ${selector}: write labels such as app=pos,tier!=test (${words}).`);
}

export const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Tells of what was not found; `notFound` when anything was not. */
export function tellMissing(
  { namespace }: Cluster,
  { found, missing }: Selection,
  how: Selecting,
  note: (text: string) => void,
): Exit {
  for (const name of missing)
    note(
      `SquareConnection ${namespace}/${name} does not exist. Name its namespace with -n; kubectl square list -A shows all.`,
    );
  if (missing.length > 0) return 'notFound';
  if (found.length > 0) return 'ok';
  const which = how.selector === undefined ? '' : ` with labels ${how.selector}`;
  const where = how.allNamespaces === true ? 'in any namespace' : `in namespace ${namespace}`;
  note(`There is no SquareConnection${which} ${where}.`);
  return 'notFound';
}

/** An object for printing: without what only the API server needs. */
export function forPrinting(object: KubeObject): KubeObject {
  const metadata = { ...object.metadata };
  delete metadata['managedFields'];
  return { ...object, metadata };
}
