import { KubeError } from '../kube/client.ts';
import type { WriteProblem } from './port.ts';

/** Whether the write may have been carried out although no word of it came back. */
export const mayHaveWritten = (error: unknown): boolean => error instanceof KubeError && error.mayHaveActed;

/** What an error of creating a Secret means. Rethrows what does not come from the API server. */
export function createProblem(error: unknown, where: string): WriteProblem {
  if (!(error instanceof KubeError)) throw error;
  return error.reason === 'AlreadyExists' ? overtaken(where) : failed(error, where);
}

/** What an error of changing or deleting a Secret with preconditions means: a Secret that is gone was overtaken too. */
export function changeProblem(error: unknown, where: string): WriteProblem {
  if (!(error instanceof KubeError)) throw error;
  return error.reason === 'Conflict' || error.reason === 'NotFound' ? overtaken(where) : failed(error, where);
}

export function notOwned(where: string, why: string): WriteProblem {
  return { kind: 'NotOwned', message: `the Secret ${where} belongs to somebody else (${why}) and was left as it is` };
}

function overtaken(where: string): WriteProblem {
  return {
    kind: 'Conflict',
    message: `the Secret ${where} was created, changed or removed by somebody else meanwhile`,
  };
}

function failed(error: KubeError, where: string): WriteProblem {
  const [namespace] = where.split('/');
  const namespaceGone = error.status === 404 && error.reason === 'NotFound' && error.about === namespace;
  return {
    kind: 'Failed',
    status: error.status,
    message: `the Secret ${where} could not be written: ${error.message}`,
    ...(namespaceGone && { namespaceGone }),
  };
}
