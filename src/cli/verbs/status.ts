import { events } from '../../kube/resource.ts';
import { type Cluster, inCluster } from '../cluster.ts';
import { connectionPage } from '../connection-page.ts';
import { eventsOf, type Told } from '../events.ts';
import { type Exit, worst } from '../exit.ts';
import { allNamespacesOption, type Output, outputOption, type Selecting, selectorOption } from '../options.ts';
import { overview } from '../overview.ts';
import { isForPeople, print } from '../print.ts';
import { conditionOf, isReady, remediesOf, type Seen, stateOf } from '../seen.ts';
import { forPrinting, select, tellMissing } from '../select.ts';
import { type Call, verb } from '../verb.ts';

interface Options extends Selecting {
  readonly output: Output;
}

export const status = verb<Options>({
  name: 'status',
  says: 'Tell how connections are, since when, why, and what to do.',
  explains:
    'With names, tells everything that is known of each connection: its state, since when, why and what to do about it, its seller, token, Secrets, conditions, last failure and events. Without names, gives an overview: how many are in which state, and what to do about those that need somebody. Exits with 4 when a connection shown is not ready.',
  argument: { syntax: '[NAME...]', says: 'Names of connections.', completes: 'connection' },
  options: [allNamespacesOption, selectorOption, outputOption('table', 'json', 'yaml')],
  examples: [
    { says: 'Everything about one connection', command: 'kubectl square status bakery -n shop' },
    { says: 'An overview of the cluster', command: 'kubectl square status -A' },
    {
      says: 'In a script: only go on when it is ready',
      command: 'kubectl square status bakery >/dev/null && ./deploy',
    },
    {
      says: 'Why it is not, in one line',
      command: "kubectl square status bakery -o json | jq -r '.connections[].message'",
    },
  ],
  run: (call) => inCluster(call.options, call.clock, (cluster) => show(call, cluster)),
});

async function show({ names, options, screen, clock }: Call<Options>, cluster: Cluster): Promise<Exit> {
  const selection = await select(cluster, names, options);
  const { found } = selection;
  const single = names.length > 0;
  const told = single ? await Promise.all(found.map((one) => eventsAbout(cluster, one))) : [];
  if (!isForPeople(options.output)) {
    await print(screen, options.output, { connections: found.map((one, i) => report(one, told[i])) });
  } else {
    const now = clock.wall();
    if (single) {
      const pages = found.map((one, i) => connectionPage(screen, one, told[i] ?? { events: [] }, now));
      if (pages.length > 0) screen.out(pages.join('\n\n'));
    } else if (found.length > 0) screen.out(overview(screen, found, options.allNamespaces === true, now));
  }
  const missing = tellMissing(cluster, selection, options, screen.note);
  return worst([missing, found.every(isReady) ? 'ok' : 'notReady']);
}

/** Events are told where they may be read; who may not is told that. */
async function eventsAbout({ client }: Cluster, { namespace, name, object }: Seen): Promise<Told> {
  try {
    const fieldSelector = `regarding.kind=SquareConnection,regarding.name=${name}`;
    const { items } = await client.list(events, { namespace, fieldSelector });
    return { events: eventsOf(items, object.metadata.uid) };
  } catch (error) {
    return { events: [], why: error instanceof Error ? error.message : String(error) };
  }
}

/** For scripts: the words of the page, and the object's own status. */
function report(seen: Seen, told: Told | undefined): object {
  const ready = conditionOf(seen, 'Ready');
  const { apiVersion, kind, metadata } = forPrinting(seen.object);
  return {
    namespace: seen.namespace,
    name: seen.name,
    ready: ready?.status ?? 'Unknown',
    state: stateOf(seen),
    since: ready?.lastTransitionTime,
    message: ready?.message ?? '',
    remedies: remediesOf(seen),
    ...(told !== undefined && { events: told.events }),
    object: { apiVersion, kind, metadata, status: seen.object['status'] },
  };
}
