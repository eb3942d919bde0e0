import type { FastifyRequest } from 'fastify';
import { type Key, splitKey } from '../kube/resource.ts';
import type { View } from '../kube/view.ts';
import type { Identity, Question, Reviewed, Reviews } from './reviews.ts';
import type { Sessions } from './sessions.ts';

/** Somebody of the platform team, as far as the cluster's own rights let them. */
export interface Staff {
  /** Of their session: what forms are bound to. */
  readonly session: string;
  /** As the API server calls them. */
  readonly user: string;
  may(verb: Question['verb'], namespace: string, name: string): Promise<boolean>;
  /** Tells of each namespace whether its connections may be listed, as `kubectl get` would. */
  visible(): Promise<(namespace: string) => boolean>;
}

export type StaffFound =
  | { readonly kind: 'Staff'; readonly staff: Staff }
  | Exclude<Reviewed, { kind: 'Known' }>
  | None;
interface None {
  readonly kind: 'None';
}

export interface RightsDeps {
  readonly sessions: Pick<Sessions, 'staff'>;
  readonly reviews: Reviews;
  readonly connections: Pick<View<unknown>, 'entries'>;
}

/** Who asks, by the session cookie. Their token is reviewed anew every minute. */
export function createStaffOf({ sessions, reviews, connections }: RightsDeps) {
  return async (request: FastifyRequest): Promise<StaffFound> => {
    const session = sessions.staff(request);
    if (session === undefined) return { kind: 'None' };
    const reviewed = await reviews.who(session.token);
    if (reviewed.kind !== 'Known') return reviewed;
    const { identity } = reviewed;
    const staff: Staff = {
      session: session.id,
      user: identity.user,
      may: (verb, namespace, name) => reviews.may(identity, { verb, namespace, name }),
      visible: () => visible(reviews, identity, connections.entries()),
    };
    return { kind: 'Staff', staff };
  };
}

const atOnce = 16;

/** The whole cluster first: most who may list at all may list everywhere. */
async function visible(
  reviews: Reviews,
  identity: Identity,
  entries: Iterable<[Key, unknown]>,
): Promise<(namespace: string) => boolean> {
  if (await reviews.may(identity, { verb: 'list' })) return () => true;
  const namespaces = new Set<string>();
  for (const [key] of entries) namespaces.add(splitKey(key).namespace ?? '');
  const seen = new Set<string>();
  const rest = namespaces.values();
  const work = async () => {
    for (const namespace of rest) {
      if (await reviews.may(identity, { verb: 'list', namespace })) seen.add(namespace);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return (namespace) => seen.has(namespace);
}
