/** Condition types of a `SquareConnection`: which way is good, and what each says. */
export const conditionTypes = {
  Ready: { polarity: 'positive', says: 'The connection is authorized, its token valid and published.' },
  Valid: {
    polarity: 'positive',
    says: 'Square accepted the access token (ListLocations). Unknown when nobody could prove it either way.',
  },
  Expired: { polarity: 'negative', says: 'The access token is past its end, by Square’s word or by Square’s time.' },
  Revoked: { polarity: 'negative', says: 'Square said decisively that the access token was revoked.' },
  Renewable: { polarity: 'positive', says: 'As far as is known, a new access token can be had without the seller.' },
  Published: { polarity: 'positive', says: 'The Secret for workloads holds the current access token.' },
  ScopesSatisfied: { polarity: 'positive', says: 'The access token has every permission that is wanted.' },
  Reconciling: { polarity: 'negative', says: 'Work is under way or will be tried again by itself. Absent when not.' },
  Stalled: { polarity: 'negative', says: 'A person has to change something before this goes on. Absent when not.' },
} as const;

export type ConditionType = keyof typeof conditionTypes;

export interface ReasonEntry {
  /** What is so. */
  readonly means: string;
  /** What a person does about it; empty when nothing is to be done. */
  readonly remedy: string;
}

const reason = (means: string, remedy = ''): ReasonEntry => ({ means, remedy });

/** Every reason that a condition of a `SquareConnection` can carry, with its remedy. */
export const reasons = {
  Valid: reason('The token is valid and published.'),
  ReauthorizationNeeded: reason(
    'The access token still works, but Square refuses to renew it.',
    'Have the seller sign in again, or give a new credential, before the access token expires.',
  ),
  AwaitingAuthorization: reason(
    'There is no grant yet, and no credential that gives one.',
    'Have the seller sign in, or set spec.credential.',
  ),
  Disconnecting: reason(
    'The authorization is to be ended at Square on request, and Square has not done it yet; it is tried again.',
    'Look at what the message names. To call it off, remove the annotation square-operator.dev/disconnect-requested-at.',
  ),
  Disconnected: reason(
    'The authorization was ended at Square on request, or with the deletion of the connection.',
    'To connect again, give a new credential, or have the seller sign in.',
  ),
  Revoking: reason(
    'The connection is being deleted under deletionPolicy: Revoke; ending the authorization at Square is tried again.',
    'Look at what the message names. To let the connection go without, set deletionPolicy to Retain.',
  ),
  RevokeGivenUp: reason(
    'The connection was deleted under deletionPolicy: Revoke, but Square could not be had to end the authorization.',
    'Have the seller end it in the Square Dashboard; or create the connection again, adopt the grant and delete it.',
  ),
  RevokeUnsupported: reason(
    'Square takes a revocation only with the application secret, and the SquareApplication has none.',
    'Have the seller end the authorization in the Square Dashboard, or set spec.clientSecretRef.',
  ),
  InvalidSpec: reason('The spec cannot be understood.', 'Correct the field that the message names.'),
  Suspended: reason('spec.suspend is true: no call to Square and no write to a Secret is made.', 'Unset spec.suspend.'),
  ApplicationNotFound: reason('The SquareApplication does not exist.', 'Create it, or correct spec.applicationRef.'),
  ApplicationNotReachable: reason(
    'The SquareApplication is in a namespace that the operator does not watch.',
    'Add its namespace to --watch-namespaces.',
  ),
  NotAllowedByApplication: reason(
    'The SquareApplication does not allow connections of this namespace.',
    'Extend spec.allowedNamespaces of the SquareApplication.',
  ),
  ApplicationNotReady: reason(
    'The SquareApplication has a fault that all its connections share.',
    'Look at the conditions of the SquareApplication: kubectl describe sqapp NAME -n NAMESPACE.',
  ),
  CredentialSecretNotFound: reason('The credential’s Secret does not exist.', 'Create it, or correct secretRef.'),
  CredentialSecretWrongType: reason(
    'The credential’s Secret has not the type that consents to its being read.',
    'Create it anew with type square-operator.dev/credential.',
  ),
  CredentialKeyNotFound: reason('The credential’s Secret lacks the key.', 'Add the key, or correct secretRef.key.'),
  CredentialMalformed: reason('The credential’s value cannot be a token.', 'Store the token alone, without quotes.'),
  CredentialShared: reason(
    'Another connection has the same key of the same Secret as its credential; a refresh token may work only once, so it was not presented.',
    'Give this connection a credential of its own, or delete the other one.',
  ),
  SealedCredentialUnreadable: reason(
    'The sealed credential cannot be opened for this connection.',
    'Seal it again for this namespace, name and application, with the current public key.',
  ),
  CredentialRefused: reason('Square refused the credential.', 'Give a new one, or have the seller sign in.'),
  TakingUp: reason(
    'The credential has given no grant yet. It is tried again by itself; the message says what came of the last try.',
  ),
  OtherMerchant: reason(
    'The grant belongs to another seller than the pinned one.',
    'Give a credential of the pinned seller, or correct spec.merchantID.',
  ),
  GrantUnreadable: reason(
    'The sealed grant cannot be opened; nothing is overwritten.',
    'Bring back the sealing key, or run the version of the operator, that the message names; or restore the Secret.',
  ),
  GrantOfAnotherApplication: reason(
    'The sealed grant was made for another application.',
    'Point spec.applicationRef back, or delete the sealed Secret to give the grant up.',
  ),
  GrantSecretNotOwned: reason(
    'The name of the sealed Secret is taken by a Secret of something else.',
    'Create the connection under another name, or delete that Secret if nothing else needs it.',
  ),
  GrantOutdated: reason(
    'The sealed grant is older than what this connection has seen; using it could end a newer one.',
    'Restore the newer Secret, or annotate square-operator.dev/adopt-requested-at to take this one.',
  ),
  RetainedGrantFound: reason(
    'A grant of an earlier connection of this name is kept in the sealed Secret.',
    'Set spec.merchantID to its seller, present its credential, or annotate square-operator.dev/adopt-requested-at; or delete the sealed Secret to give it up.',
  ),
  Expired: reason('The access token is past its end.', 'See why it was not renewed: condition Renewable.'),
  Revoked: reason('Square says that the access token was revoked.', 'Have the seller sign in again.'),
  Accepted: reason('Square accepted the access token.'),
  Unproven: reason('The access token was not put to the test yet.'),
  Unverified: reason('Square could not be asked; what was proven last is in the message.'),
  AccessTokenRevoked: reason('Square says that the access token was revoked.', 'Have the seller sign in again.'),
  AccessTokenExpired: reason('The access token is past its end.', 'See why it was not renewed: condition Renewable.'),
  TokenRejected: reason(
    'Square does not accept the access token and does not say why.',
    'Have the seller sign in again, or give a new credential.',
  ),
  NotExpired: reason('The access token is within its lifetime.'),
  NeverExpires: reason('A personal access token never expires.'),
  NotRevoked: reason('Square accepts the access token.'),
  NoToken: reason('There is no access token.'),
  RefreshTokenSealed: reason('The refresh token is held sealed.'),
  NotNeeded: reason('A personal access token is never renewed.'),
  RefreshTokenExpired: reason('The refresh token is past its 90 days.', 'Have the seller sign in again.'),
  RefreshRefused: reason('Square refused the refresh token.', 'Have the seller sign in again.'),
  RefreshHeldBack: reason(
    'Square refused the refresh tokens of several connections of the application in a row, so this one is not presented.',
    'Look at the conditions of the SquareApplication: kubectl describe sqapp NAME -n NAMESPACE. To try this one, annotate square-operator.dev/refresh-requested-at.',
  ),
  RotationInDoubt: reason(
    'What Square made of a request with a single-use refresh token is not known; the token is tried once more when Square is seen to give tokens.',
  ),
  RotationOutcomeLost: reason(
    'What Square made of a request with a single-use token is not known, and the token gives no other: it may be used up.',
    'Have the seller sign in again, or give a new credential, before the access token expires.',
  ),
  GrantNotStored: reason(
    'Square issued a new token, and the API server does not take its sealed record; it is written again until it does.',
    'Mend what the message names (a quota, an admission policy, a missing permission), and do not end the operator before.',
  ),
  RefreshFailing: reason('The renewal fails for now and is tried again.'),
  Published: reason('The Secret holds the current access token.'),
  NotPublished: reason('The current access token is not in the Secret.'),
  SecretNotOwned: reason(
    'A Secret of that name exists and is not this connection’s; it was left as it is.',
    'Set spec.secret.name to another name, or delete that Secret if nothing else needs it.',
  ),
  SecretNotWritten: reason(
    'The API server refuses to write a Secret; it is tried again.',
    'Look at what the message names: a quota, an admission policy, a missing permission.',
  ),
  SecretUnrenderable: reason(
    'The Secret cannot be made from spec.secret.',
    'Correct spec.secret; for another type, which cannot be changed, make another connection.',
  ),
  ScopesGranted: reason('Every wanted permission was granted.'),
  ScopesMissing: reason(
    'Permissions are missing.',
    'Have the seller sign in again and grant them, or correct the scopes of the connection or its SquareApplication.',
  ),
  ScopesUnknown: reason('Square has not told yet which permissions the token has.'),
  Retrying: reason('Something failed and is tried again.'),
  Progressing: reason('Work is under way.'),
} as const satisfies Record<string, ReasonEntry>;

export type Reason = keyof typeof reasons;

/** Condition types of a `SquareApplication`: `Ready`, and `Stalled` with the same words when a person has to change something. Its reasons: */
export const applicationReasons = {
  Ready: reason('The application can be used; as long as no seller is connected, as far as can be told without one.'),
  AuthorizationsNearLimit: reason(
    'The application can be used, but few more sellers can authorize it.',
    'Ask Square to raise the number of authorizations.',
  ),
  RefreshTokensRefused: reason(
    'Square refused the refresh tokens of several connections in a row, so further ones are held back.',
    'If Secrets of the cluster were restored from a backup, the single-use tokens in it were replaced since it was made, and presenting them is in vain: have those sellers sign in again. If not, find out what ended the authorizations. To try one connection, annotate its square-operator.dev/refresh-requested-at: if it is renewed, the others go on by themselves.',
  ),
  RateLimited: reason(
    'The application can be used, but Square answers its calls with 429 (too many requests), so they are slowed down.',
    'It recovers by itself. If it comes again and again, lower spec.rateLimit, and look for others that use the same application ID.',
  ),
  ClientSecretNotFound: reason(
    'The client secret cannot be read.',
    'Create the Secret with type square-operator.dev/credential and the key that the message names.',
  ),
  ClientRefused: reason(
    'Square refuses the application ID and secret.',
    'Put the current secret from Square’s developer console into the Secret.',
  ),
  ClientDisabled: reason(
    'Square has disabled the application, or it is too old for this API: it takes neither its client nor its access tokens.',
    'See the application in Square’s developer console, and ask Square’s support.',
  ),
} as const satisfies Record<string, ReasonEntry>;

export type ApplicationReason = keyof typeof applicationReasons;
