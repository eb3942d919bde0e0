/** What the plugin exits with. Scripts rely on these numbers. */
export const exitCodes = {
  ok: { code: 0, says: 'Done, or so already; of `status`: everything shown is ready.' },
  error: {
    code: 1,
    says: 'It could not be done: the kubeconfig, the API server, a right; or a check of `doctor` failed.',
  },
  usage: { code: 2, says: 'The command line is not understood, or asks for a confirmation that nobody can give.' },
  notFound: {
    code: 3,
    says: 'What was named does not exist, or nothing matches; an empty `list` gives 0.',
  },
  notReady: {
    code: 4,
    says: 'A connection shown is not ready, the operator’s answer is no, or `keys` found a fault.',
  },
  timedOut: { code: 5, says: 'The operator has not answered in time. What was asked may still be done.' },
  interrupted: { code: 130, says: 'Ended by Ctrl-C while waiting. What was asked may still be done.' },
} as const;

export type Exit = keyof typeof exitCodes;

/** Ends the program with a message for people on standard error: what is wrong and, after it, what helps. */
export class Ending extends Error {
  readonly exit: Exit;

  constructor(exit: Exit, message: string) {
    super(message);
    this.name = 'Ending';
    this.exit = exit;
  }
}

/** The worst of several outcomes: Ctrl-C, then a wrong command line, an error, no answer, a no, nothing found. */
export function worst(exits: readonly Exit[]): Exit {
  const order: readonly Exit[] = ['interrupted', 'usage', 'error', 'timedOut', 'notReady', 'notFound'];
  return order.find((exit) => exits.includes(exit)) ?? 'ok';
}
