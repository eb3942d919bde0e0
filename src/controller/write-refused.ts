import type { Fact } from '../domain/step.ts';
import { KubeError } from '../kube/client.ts';

/** The API server did not take a write of a Secret. The pass is made again, backing off. */
export class WriteRefused extends Error {
  readonly code = 'WriteRefused';
  /** The HTTP status; 0 when there was no answer. */
  readonly status: number;

  constructor(message: string, status: number) {
    super(message);
    this.name = 'WriteRefused';
    this.status = status;
  }
}

/** A Secret of a sign-in that is of no use any more was not taken away, or emptied. */
export function notCleared(error: unknown, secret: string): Fact {
  if (!(error instanceof KubeError)) throw error;
  if (error.reason === 'Conflict' || error.reason === 'NotFound') return { kind: 'Stale' };
  const remedy = `Secret ${secret} is of no use any more, and stays: let the operator patch and delete it, or delete it by hand.`;
  return { kind: 'Unwritten', message: `${sentence(error.message)} ${remedy}` };
}

/** A message of the API server as a sentence for people. */
export const sentence = (message: string): string =>
  `${message.charAt(0).toUpperCase()}${message.slice(1)}${/[.!?]$/.test(message) ? '' : '.'}`;

/** Why a record that is there is not written over. */
export const laterVersion =
  'What is stored there was written by a later version of the operator, which alone can judge it: run that version again, and this grant is stored.';

export const unseenKey = 'What is stored there is sealed by a key that this process does not have yet.';
