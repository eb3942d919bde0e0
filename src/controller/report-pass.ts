import type { ConnectionStatus } from '../api/connection.ts';
import type { Connection } from '../domain/observation.ts';
import type { Logger } from '../observability/logger.ts';
import type { Note } from './note.ts';
import type { Done } from './report.ts';

/**
 * The log line of a pass. What became worse in `Ready` is a warning that says what the event says: one decision for both.
 * A pass without steps leaves a line only for that.
 */
export function logPass(
  log: Pick<Logger, 'info' | 'warn'>,
  connection: Pick<Connection, 'namespace' | 'name'>,
  { conditions }: Pick<ConnectionStatus, 'conditions'>,
  done: readonly Done[],
  notes: readonly Note[],
): void {
  const worse = notes.find(({ type, action }) => type === 'Warning' && action === 'Ready');
  if (worse === undefined && done.length === 0) return;
  const ready = conditions?.find(({ type }) => type === 'Ready');
  const fields = {
    connection: `${connection.namespace}/${connection.name}`,
    steps: stepsOf(done),
    ready: ready?.status,
    reason: ready?.reason,
  };
  if (worse === undefined) log.info(fields, 'connection reconciled');
  else log.warn({ ...fields, message: worse.note }, 'connection reconciled');
}

/** The steps of a pass in one field of the log line: `Refresh(Due)=Sealed Verify(Unproven)=Verified`. */
export const stepsOf = (done: readonly Done[]): string =>
  done
    .map(({ step, fact }) => {
      const answer = fact.kind === 'Failed' ? `Failed:${fact.failure.reason}` : fact.kind;
      return `${step.kind}(${step.because})=${answer}`;
    })
    .join(' ');
