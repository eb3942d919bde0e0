import type { Clock } from '../clock.ts';
import type { Log } from '../kube/log.ts';
import type { JournalEntry } from '../secrets/journal-entries.ts';
import type { Issued } from '../secrets/journal-record.ts';
import type { IncomingSettlement } from '../secrets/settle-incoming.ts';
import { grantFrom } from '../square/grant-from.ts';
import { parseTokenReply } from '../square/token-reply.ts';

/**
 * Hands over what Square answered to a sign-in whose process ended before it was stored: it goes where that process would
 * have put it. Whose it is, is judged by whoever takes it up. Never rejects.
 *
 * @returns whether it stays in the journal.
 */
export async function recoverSignIn(
  deps: { readonly clock: Clock; readonly log: Log; readonly incoming: IncomingSettlement },
  entry: JournalEntry,
  issued: Issued,
  secret: string,
): Promise<boolean> {
  const { binding, connectionUID, grantType, body, issuedAt, after, requested, taken } = issued;
  const connection = `${binding.namespace}/${binding.name}`;
  const parsed = parseTokenReply({ grantType, body, at: issuedAt });
  if (!parsed.ok) {
    deps.log.error({ connection }, 'the answer to a sign-in in the journal is not understood and is left there');
    return true;
  }
  const grant = grantFrom({
    connectionUID,
    application: binding,
    requested,
    reply: parsed.value,
    issuedAt,
    sealedAt: deps.clock.wall(),
    after,
    ...(taken === undefined ? {} : { taken }),
  });
  const place = { namespace: binding.namespace, connection: binding.name, uid: connectionUID, secret };
  const settled = await deps.incoming.store({ place, binding, grant, settled: () => entry.discard() }, 0);
  deps.log.info({ connection, settled }, 'the answer to a sign-in that an ended process left is taken up');
  return false;
}
