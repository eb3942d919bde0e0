import { parseInstant } from '../../clock.ts';
import { inCluster, readTimeout } from '../cluster.ts';
import { requestLink } from '../connect-link.ts';
import { printable } from '../control-characters.ts';
import { Ending } from '../exit.ts';
import { type Output, outputOption } from '../options.ts';
import { isForPeople, print } from '../print.ts';
import type { Seen } from '../seen.ts';
import { select, tellMissing } from '../select.ts';
import { verb } from '../verb.ts';
import { relative } from '../when.ts';

interface Options {
  readonly output: Output;
  readonly timeout: string;
}

export const connect = verb<Options>({
  name: 'connect',
  says: 'Get a link by which the seller signs in.',
  explains:
    'Asks the operator for a link by the annotation square-operator.dev/connect-requested-at, waits until it is there (Secret NAME-connect-link), and prints it alone on standard output. It is good for one hour or until a grant is taken up, for this connection alone; a new one ends the earlier one. Whoever has it can sign in, so give it to the seller and to nobody else. What is held already stays until the seller has signed in.',
  argument: { syntax: '<NAME>', says: 'The connection.', completes: 'connection' },
  options: [
    { flags: '--timeout <time>', says: 'How long to wait for the link.', default: '1m' },
    outputOption('table', 'json', 'yaml'),
  ],
  examples: [
    { says: 'A link for the seller', command: 'kubectl square connect bakery -n shop' },
    { says: 'Into the clipboard', command: 'kubectl square connect bakery | xclip' },
    { says: 'End a link that went to the wrong person', command: 'kubectl delete secret bakery-connect-link -n shop' },
  ],
  async run({ names, options, screen, clock, signal }) {
    const timeout = readTimeout(options.timeout, '--timeout');
    return inCluster(options, clock, async (cluster) => {
      const selection = await select(cluster, names, {});
      const [seen] = selection.found;
      if (seen === undefined) return tellMissing(cluster, selection, {}, screen.note);
      refuseWhereNobodySignsIn(seen);
      const time = await cluster.serverTime();
      screen.progress(`waiting for the link of ${seen.key}`);
      const link = await requestLink(cluster, seen, { time, timeout, signal }).finally(() => screen.progress(''));
      if (!isForPeople(options.output)) {
        await print(screen, options.output, { namespace: seen.namespace, name: seen.name, ...link });
        return 'ok';
      }
      screen.out(printable(link.url));
      const ends = relative(parseInstant(link.expiresAt) ?? time.now, time.now);
      screen.note(
        `It ends ${ends} (${link.expiresAt}), or once a grant is taken up. Give it to the seller alone: whoever has it can sign in for ${seen.key}.`,
      );
      return 'ok';
    });
  },
});

function refuseWhereNobodySignsIn({ key, spec }: Seen): void {
  if (spec.credential?.personalAccessToken === undefined && spec.applicationRef !== undefined) return;
  throw new Ending('notReady', `${key} has no application by which a seller could sign in: set spec.applicationRef.`);
}
