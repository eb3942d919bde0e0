import { annotations, squareConnections } from '../api/names.ts';
import { formatReports, parseReports, type RevocationReport, withReport } from '../domain/revocation-report.ts';
import { isReason, type KubeClient } from '../kube/client.ts';
import { type Key, splitKey } from '../kube/resource.ts';

/** `Gone`: there is no such connection any more, so nobody needs to know. */
export type Left = 'Stored' | 'Known' | 'Gone';

/** Others may write to the connection meanwhile; so often in a row they do not. */
const triesAtMost = 8;

/**
 * Leaves the report on a connection as an annotation, which is also what tells a repetition on whichever replica it arrives:
 * the API server takes the annotation only together with the version of the object that was read. Rejects when it could not
 * be stored.
 */
export async function leaveReport(
  client: Pick<KubeClient, 'get' | 'mergePatch'>,
  key: Key,
  report: RevocationReport,
): Promise<Left> {
  const { namespace, name } = splitKey(key);
  for (let tries = 1; ; tries += 1) {
    const found = await client.get(squareConnections, namespace, name);
    if (found === undefined) return 'Gone';
    const { uid, resourceVersion, annotations: noted = {} } = found.metadata;
    const reports = withReport(parseReports(noted[annotations.revocationReported]), report);
    if (reports === undefined) return 'Known';
    const left = { [annotations.revocationReported]: formatReports(reports) };
    try {
      await client.mergePatch(squareConnections, namespace, name, {
        metadata: { uid, resourceVersion, annotations: left },
      });
      return 'Stored';
    } catch (error) {
      if (isReason(error, 'NotFound')) return 'Gone';
      if (!isReason(error, 'Conflict') || tries === triesAtMost) throw error;
    }
  }
}
