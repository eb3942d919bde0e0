import { z } from 'zod';
import { described, text, time, wholeList } from './schema.ts';

const count = (description: string) => described(description, z.int().min(0));

export const condition = z.object({
  type: text('What is told, in one word.', { max: 316 }),
  status: described('True, False, or Unknown when it could not be found out.', z.enum(['True', 'False', 'Unknown'])),
  reason: text('Why, in one word.', { max: 1024 }),
  message: text('What is wrong, since when, and what to do.', { min: 0, max: 32768 }),
  lastTransitionTime: time('When the status of this condition changed last.'),
  observedGeneration: count('The metadata.generation that this was told of.').optional(),
});
export type Condition = z.infer<typeof condition>;

/** As a whole: a merge patch replaces a list anyway, and one entry for each field of each condition made objects twice as big. */
export const conditions = (description: string) => wholeList(description, condition, 16);

/** What stands there until the operator has looked: no generation of an object is it, so tools that wait go on waiting. */
export const unobserved = { observedGeneration: -1 } as const;

export const observedGeneration = described(
  'The metadata.generation that this status was computed from; -1 until there was a first one.',
  z.int().min(unobserved.observedGeneration),
);

export const lastFailure = z.object({
  operation: described(
    'What was tried.',
    z.enum(['TakeUp', 'Refresh', 'Publish', 'Verify', 'Revoke', 'Finalize', 'Receive', 'Dismiss']),
  ),
  /** When the latest of the failures in a row happened. */
  time: time('When the latest of the failures in a row happened.'),
  /** When the first of them happened. */
  since: time('When the first of them happened.'),
  reason: text('What failed, in one word.', { max: 128 }),
  message: text('What failed, and what helps.', { min: 0, max: 1024 }),
  /** Failures of this operation in a row. */
  count: described('How many there were in a row.', z.int().min(1)),
  credentialDigest: text('Keyed digest of the credential that was tried, so that a new one is told from it.', {
    max: 64,
  }).optional(),
  request: text('The value of the request annotation that is being answered.', { max: 64 }).optional(),
  retryAt: time('When Square may be asked again, where it said so.').optional(),
  merchantID: text('The seller that the credential belongs to, where it is another than the pinned one.', {
    max: 191,
  }).optional(),
});
export type LastFailure = z.infer<typeof lastFailure>;

/** The bounds of what the status takes over from elsewhere: the writer cuts, since the API server would refuse it all. */
export const statusBounds = { merchantName: 1024, scopes: 256, scope: 128, failureMessage: 1024, request: 64 } as const;

const scopeList = (description: string) =>
  described(description, z.array(text('A permission.', { max: statusBounds.scope })).max(statusBounds.scopes));
const secretName = (description: string) => text(description, { max: 253 });
const request = (intent: string) =>
  text(`The value of the annotation square-operator.dev/${intent}-requested-at that was answered last.`, {
    min: 0,
    max: statusBounds.request,
  });

export const connectionStatus = z.object({
  observedGeneration: observedGeneration.optional(),
  conditions: conditions('What is known of the connection: Ready sums up the others.').optional(),
  merchantID: text('The seller whose authorization is held.', { max: 191 }).optional(),
  merchantName: text("The seller's business name, as Square tells it.", {
    min: 0,
    max: statusBounds.merchantName,
  }).optional(),
  requestedScopes: scopeList('The permissions that the connection and its application ask for.').optional(),
  scopes: scopeList('The permissions that the seller granted.').optional(),
  accessTokenIssuedAt: time("When Square issued the access token, by Square's clock.").optional(),
  accessTokenExpiresAt: time("When the access token ends, by Square's clock. Absent when it never does.").optional(),
  refreshTokenExpiresAt: time('When the refresh token ends. Absent when it never does.').optional(),
  lastRefreshTime: time('When Square last gave a token.').optional(),
  nextRefreshTime: time('When the next refresh is due.').optional(),
  lastVerifyTime: time(
    'When Square last accepted or refused the access token; written at most every 6 hours.',
  ).optional(),
  lastFailure: described(
    'The latest failures in a row. Absent when the last attempt went well.',
    lastFailure,
  ).optional(),
  otherFailures: described(
    'The latest failures in a row of other operations, where more than one fails.',
    z.array(lastFailure).max(7),
  ).optional(),
  secretName: secretName('The Secret that holds the published token.').optional(),
  sealedSecretName: secretName('The Secret that holds the sealed grant.').optional(),
  sealingKeyID: text('The sealing key under which the grant is sealed.', { max: 253 }).optional(),
  revision: count('The generation of the grant that is held: one more with every token.').optional(),
  authorizeURL: text('The page on which the seller signs in. It carries no authority by itself.', {
    max: 2048,
  }).optional(),
  lastHandledRefreshRequest: request('refresh').optional(),
  lastHandledDisconnectRequest: request('disconnect').optional(),
  lastHandledAdoptRequest: request('adopt').optional(),
  lastHandledConnectRequest: request('connect').optional(),
});
export type ConnectionStatus = z.infer<typeof connectionStatus>;

export const applicationStatus = z.object({
  observedGeneration: observedGeneration.optional(),
  conditions: conditions('What is known of the application.').optional(),
  connections: described(
    'The connections that use the application.',
    z.object({ total: count('All of them.'), ready: count('Those whose condition Ready is True.') }),
  ).optional(),
  heldBack: described(
    'Refresh tokens that are not presented as a matter of routine, since Square refused many in a row.',
    z
      .array(
        z.object({
          tokens: described(
            'SingleUse: none is presented unless somebody asks for it. MultiUse: one is tried now and then.',
            z.enum(['SingleUse', 'MultiUse']),
          ),
          since: time('Since when. Tokens that were given later are not concerned.'),
          refused: count('How many connections had theirs refused.'),
          probes: count('How many were tried since, in vain.').optional(),
          retryAt: time('When one is tried next.').optional(),
        }),
      )
      .max(2),
  ).optional(),
  authorizations: count('How many different sellers have authorized the application.').optional(),
});
export type ApplicationStatus = z.infer<typeof applicationStatus>;

/** The names of all that a status can have; of a member that is an object, its own in turn. */
export interface StatusFields {
  readonly [name: string]: StatusFields | undefined;
}

const fieldsOf = (schema: z.ZodObject): StatusFields =>
  Object.fromEntries(
    Object.entries(schema.shape).map(([name, member]) => {
      const present: unknown = member instanceof z.ZodOptional ? member.unwrap() : member;
      return [name, present instanceof z.ZodObject ? fieldsOf(present) : undefined];
    }),
  );

export const connectionStatusFields: StatusFields = fieldsOf(connectionStatus);
export const applicationStatusFields: StatusFields = fieldsOf(applicationStatus);

/** What a member of a status can hold: members of its own, in a fixed order, or nothing that has any. */
export type StatusShape = readonly { readonly name: string; readonly within: StatusShape }[];

/** The members that a status of either kind can have. */
export const statusShape: StatusShape = shapeOf({ ...connectionStatus.shape, ...applicationStatus.shape });

function shapeOf(members: z.ZodRawShape): StatusShape {
  const names = Object.keys(members).sort();
  return names.map((name) => ({ name, within: shapeWithin(members[name]) }));
}

function shapeWithin(schema: unknown): StatusShape {
  if (schema instanceof z.ZodOptional) return shapeWithin(schema.unwrap());
  if (schema instanceof z.ZodArray) return shapeWithin(schema.element);
  return schema instanceof z.ZodObject ? shapeOf(schema.shape) : [];
}
