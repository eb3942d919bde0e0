import { createHash } from 'node:crypto';
import { z } from 'zod';
import { group, squareConnections } from '../api/names.ts';
import { type Clock, type Duration, type Instant, minutes, seconds } from '../clock.ts';
import { openToken, type Token } from '../domain/token.ts';
import { type KubeClient, KubeError } from '../kube/client.ts';

/** Who a token is made for. One that is good for anything besides would be worth more than these pages. */
export const staffAudience = 'square-operator';

/** A person or account, as the API server knows it. */
export interface Identity {
  readonly user: string;
  readonly uid?: string | undefined;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

export type Reviewed =
  | { readonly kind: 'Known'; readonly identity: Identity }
  /** Not of this cluster, ended, or its account is gone. */
  | { readonly kind: 'Refused' }
  /** It is good, but for another audience, or for others too. */
  | { readonly kind: 'OtherAudience' }
  /** The operator may not ask, or could not: nobody is let in, and nobody is signed out. */
  | { readonly kind: 'NotPermitted' }
  | { readonly kind: 'Unavailable' };

export interface Question {
  readonly verb: 'get' | 'list' | 'patch';
  /** Absent: of all namespaces. */
  readonly namespace?: string;
  readonly name?: string;
}

/** The API server's own word on who somebody is and what they may do (Kubernetes, TokenReview, SubjectAccessReview). */
export interface Reviews {
  /** Asks again after a minute at the latest, so that an account that is deleted is out. Never rejects. */
  who(token: Token): Promise<Reviewed>;
  /** Asks again after half a minute at the latest. Rejects with a `KubeError`. */
  may(identity: Identity, question: Question): Promise<boolean>;
}

const identityKept = minutes(1);
const rightKept = seconds(30);
const mostKept = 10_000;

/** Without authentication it is an empty object. */
const userShape = z.object({
  username: z.string().optional(),
  uid: z.string().optional(),
  groups: z.array(z.string()).optional(),
  extra: z.record(z.string(), z.array(z.string())).optional(),
});
const tokenReview = z.object({
  status: z.object({
    authenticated: z.boolean().optional(),
    user: userShape.optional(),
    audiences: z.array(z.string()).optional(),
  }),
});
const accessReview = z.object({ status: z.object({ allowed: z.boolean() }) });

export function createReviews({ client, clock }: { readonly client: KubeClient; readonly clock: Clock }): Reviews {
  const people = createKept<Reviewed>(clock);
  const rights = createKept<boolean>(clock);
  return {
    who(token) {
      const value = openToken(token);
      // Of a failure nothing is remembered: the next page asks again.
      const lasts = ({ kind }: Reviewed) => (kind === 'NotPermitted' || kind === 'Unavailable' ? 0 : identityKept);
      return people(digest(value), lasts, () => review(client, value));
    },
    may(identity, question) {
      const id = digest(JSON.stringify([identity, question]));
      return rights(
        id,
        () => rightKept,
        () => ask(client, identity, question),
      );
    },
  };
}

const digest = (text: string) => createHash('sha256').update(text).digest('base64url');

async function review(client: KubeClient, token: string): Promise<Reviewed> {
  try {
    const answer = await client.requestRaw('POST', '/apis/authentication.k8s.io/v1/tokenreviews', {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenReview',
      spec: { token, audiences: [staffAudience] },
    });
    const { status } = tokenReview.parse(answer.body);
    if (status.authenticated !== true || status.user?.username === undefined) {
      return { kind: audiencesOf(token).includes(staffAudience) || !isOfAnother(token) ? 'Refused' : 'OtherAudience' };
    }
    // An API server that knows nothing of audiences leaves them out, and would let any token in.
    const own = audiencesOf(token);
    const alone = own.length === 1 && own[0] === staffAudience;
    if (!alone || status.audiences?.includes(staffAudience) !== true) return { kind: 'OtherAudience' };
    const { username: user, uid, groups = [], extra = {} } = status.user;
    return { kind: 'Known', identity: { user, uid, groups, extra } };
  } catch (error) {
    return { kind: error instanceof KubeError && error.status === 403 ? 'NotPermitted' : 'Unavailable' };
  }
}

async function ask(client: KubeClient, identity: Identity, question: Question): Promise<boolean> {
  const { user, uid, groups, extra } = identity;
  const resourceAttributes = { group, resource: squareConnections.plural, ...question };
  const answer = await client.requestRaw('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    spec: { user, ...(uid !== undefined && { uid }), groups, extra, resourceAttributes },
  });
  return accessReview.parse(answer.body).status.allowed;
}

const claims = z.object({
  aud: z.union([z.string(), z.array(z.string())]).optional(),
  exp: z.number().optional(),
});

/** What a JWT says of itself (RFC 7519), unproven; nothing for what is no JWT. */
function claimsOf(token: string): z.infer<typeof claims> {
  try {
    return claims.parse(JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()));
  } catch {
    return {};
  }
}

const audiencesOf = (token: string): readonly string[] => [claimsOf(token).aud ?? []].flat();
const isOfAnother = (token: string): boolean => audiencesOf(token).length > 0;

/** When the token says that it ends. */
export const endOfToken = (token: string): Instant | undefined => {
  const { exp } = claimsOf(token);
  return exp === undefined ? undefined : exp * 1_000;
};

/** Answers by what was asked, each for as long as `lasts` says; the same question is asked once at a time. */
function createKept<T>(clock: Clock) {
  const kept = new Map<string, { readonly answer: Promise<T>; until: Duration }>();
  return (id: string, lasts: (answer: T) => Duration, ask: () => Promise<T>): Promise<T> => {
    const known = kept.get(id);
    if (known !== undefined && clock.monotonic() < known.until) return known.answer;
    const asked = clock.monotonic();
    const entry = { answer: ask(), until: Number.POSITIVE_INFINITY };
    kept.delete(id);
    kept.set(id, entry);
    for (const oldest of kept.keys()) {
      if (kept.size <= mostKept) break;
      kept.delete(oldest);
    }
    const forget = () => void (kept.get(id) === entry && kept.delete(id));
    const settle = async () => {
      const lasting = lasts(await entry.answer);
      entry.until = asked + lasting;
      if (lasting === 0) forget();
    };
    settle().catch(forget);
    return entry.answer;
  };
}
