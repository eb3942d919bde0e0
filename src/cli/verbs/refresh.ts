import { refreshing } from '../asks.ts';
import { verb } from '../verb.ts';
import { type AskingOptions, askFor, askingOptions } from './asking.ts';

export const refresh = verb<AskingOptions>({
  name: 'refresh',
  says: 'Ask for a new access token now.',
  explains:
    'Asks the operator for a new access token by the annotation square-operator.dev/refresh-requested-at, and waits until it has one or says why not. Many at once are paced by the operator under the budget of their application (spec.rateLimit). The old token goes on working until its own end.',
  argument: { syntax: '[NAME...]', says: 'Names of connections.', completes: 'connection' },
  options: askingOptions,
  examples: [
    { says: 'One connection', command: 'kubectl square refresh bakery -n shop' },
    { says: 'All connections with a label, wherever they are', command: 'kubectl square refresh -l app=pos -A' },
    { says: 'Ask, and do not wait', command: 'kubectl square refresh bakery --no-wait' },
  ],
  run: (call) => askFor(call, refreshing),
});
