import { held, recordIn } from '../domain/custody.ts';
import type { Observation } from '../domain/observation.ts';
import { wantedToken } from '../domain/wanted.ts';
import type { JournalPage } from '../secrets/journal.ts';
import { type Issued, sealIssued } from '../secrets/journal-record.ts';
import type { TokenReply } from '../square/port.ts';
import type { ObserveDeps, Sight } from './observe.ts';
import type { Rotation } from './rotate.ts';

export interface KeepDeps extends ObserveDeps {
  readonly metrics: { journalWritten(took: number): void };
}

/**
 * Puts Square's answer on the disk, with all that makes a grant of it. When that fails the answer is still in hand, and is
 * stored in the cluster next. Never rejects.
 */
export async function keepAnswer(
  deps: KeepDeps,
  page: JournalPage,
  sight: Sight,
  o: Observation,
  rotation: Rotation,
  reply: TokenReply,
  /** ID of the attempt that it answers. */
  attempt: string,
): Promise<void> {
  const began = deps.clock.monotonic();
  try {
    await page.keep(sealIssued(deps.ring, issuedOf(deps, sight, o, rotation, reply, attempt)));
    deps.metrics.journalWritten(deps.clock.monotonic() - began);
  } catch (error) {
    const { namespace, name } = o.connection;
    deps.log.error({ connection: `${namespace}/${name}`, err: error }, 'an answer of Square is not in the journal');
  }
}

function issuedOf(
  deps: KeepDeps,
  sight: Sight,
  o: Observation,
  rotation: Rotation,
  reply: TokenReply,
  attempt: string,
): Issued {
  const { namespace, name, uid } = o.connection;
  const { application, asking, credential, request, spec } = rotation;
  const { environment, clientID } = application;
  return {
    binding: { namespace, name, environment, clientID },
    connectionUID: uid,
    grantType: reply.grantType,
    body: reply.body,
    issuedAt: reply.at ?? deps.squares[sight.environment].time.now(),
    after: Math.max(recordIn(o.grant)?.generation ?? 0, sight.view.stored.revision),
    attempt,
    requested: wantedToken(spec),
    ...rememberedIn(o),
    ...(asking.grantType === 'refresh_token' ? { presented: asking.refreshToken } : {}),
    ...(credential === undefined ? {} : { taken: credential }),
    ...(request === undefined ? {} : { request }),
  };
}

/** What must not be forgotten should the record be gone by the time that the answer is stored. */
function rememberedIn(o: Observation): Pick<Issued, 'before'> {
  const record = recordIn(o.grant);
  if (record === undefined) return {};
  const { taken, handled } = record;
  const merchantID = held(o)?.merchantID;
  return { before: { taken, handled, ...(merchantID === undefined ? {} : { merchantID }) } };
}
