import { adopting, disconnecting, refreshing, resuming, suspending } from '../asks.ts';
import { type Verb, verb } from '../verb.ts';
import { type AskingOptions, askFor, askingOptions, yesOption } from './asking.ts';

/** The verbs that ask one thing of the operator, each by a change of the connection, and wait for the answer. */

const names = { syntax: '[NAME...]', says: 'Names of connections.', completes: 'connection' } as const;

export const refresh: Verb = verb<AskingOptions>({
  name: 'refresh',
  says: 'Ask for a new access token now.',
  explains:
    'Asks the operator for a new access token by the annotation square-operator.dev/refresh-requested-at, and waits until it has one or says why not. Many at once are paced by the operator under the budget of their application (spec.rateLimit). The old token goes on working until its own end.',
  argument: names,
  options: askingOptions,
  examples: [
    { says: 'One connection', command: 'kubectl square refresh bakery -n shop' },
    { says: 'All connections with a label, wherever they are', command: 'kubectl square refresh -l app=pos -A' },
    { says: 'Ask, and do not wait', command: 'kubectl square refresh bakery --no-wait' },
  ],
  run: (call) => askFor(call, refreshing),
});

export const disconnect: Verb = verb<AskingOptions>({
  name: 'disconnect',
  says: 'Ask for the authorization to be ended at Square.',
  explains:
    'Asks the operator to end the authorization at Square by the annotation square-operator.dev/disconnect-requested-at, and waits until it is ended. Every token that the application holds for this seller ends, those of other connections of the same seller, too; to connect again the seller has to sign in, or somebody to give a new credential. More than one at once are asked about first, unless --yes is written.',
  argument: names,
  options: [...askingOptions, yesOption],
  examples: [
    { says: 'One connection', command: 'kubectl square disconnect bakery -n shop' },
    { says: 'See which would be ended', command: 'kubectl square disconnect -l tenant=acme -A --dry-run' },
    { says: 'All of a tenant, in a script', command: 'kubectl square disconnect -l tenant=acme -A --yes' },
  ],
  run: (call) =>
    askFor(
      call,
      disconnecting,
      (count) => `End the authorizations of ${count} connections at Square? Their sellers have to sign in again.`,
    ),
});

export const adopt: Verb = verb<AskingOptions>({
  name: 'adopt',
  says: 'Take up the retained grant of an earlier connection.',
  explains:
    'Asks the operator to take up the sealed grant that an earlier connection of this name has left (RetainedGrantFound), or one that is older than what this connection has seen (GrantOutdated), by the annotation square-operator.dev/adopt-requested-at. See first whose grant it is: "kubectl square status NAME" names the seller. Where a grant is held already there is nothing to do, and it says so.',
  argument: names,
  options: askingOptions,
  examples: [
    { says: 'After a connection was deleted and created again', command: 'kubectl square adopt bakery -n shop' },
    { says: 'After a namespace was restored from a backup', command: 'kubectl square adopt --all -n shop' },
  ],
  run: (call) => askFor(call, adopting),
});

export const suspend: Verb = verb<AskingOptions>({
  name: 'suspend',
  says: 'Stop calls to Square and writes of Secrets.',
  explains:
    'Sets spec.suspend, and waits until the operator keeps to it: no call to Square and no write of a Secret is made for the connection until it is resumed. Its token still ends by the clock. Where the connection comes from Git, set it there: what applies it from Git takes this back.',
  argument: names,
  options: askingOptions,
  examples: [
    { says: 'One connection', command: 'kubectl square suspend bakery -n shop' },
    { says: 'All that use a label', command: 'kubectl square suspend -l app=pos -A' },
  ],
  run: (call) => askFor(call, suspending),
});

export const resume: Verb = verb<AskingOptions>({
  name: 'resume',
  says: 'Go on with suspended connections.',
  explains: 'Takes spec.suspend away, and waits until the operator has looked at the connection again.',
  argument: names,
  options: askingOptions,
  examples: [{ says: 'One connection', command: 'kubectl square resume bakery -n shop' }],
  run: (call) => askFor(call, resuming),
});
