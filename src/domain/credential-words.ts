import type { ConnectionSpec, CredentialKind } from '../api/connection.ts';
import type { FailureStreak } from './observation.ts';

/** What is taken for a credential of a kind, and refused like one that has ended: Square does not tell them apart. */
const mistaken = {
  refreshToken: 'an access token in place of the refresh token',
  migrationToken: 'a refresh token in place of the access token',
  personalAccessToken: 'a token of the other environment',
} as const satisfies Record<CredentialKind, string>;

/** That Square refused the credential, and where it lies. That the seller may sign in instead the failure says. */
export function refusedWords({ message }: FailureStreak, type: CredentialKind, spec: ConnectionSpec): string {
  const ref = spec.credential?.[type]?.secretRef;
  const place = ref === undefined ? `spec.credential.${type}.sealed` : `key ${ref.key} of Secret ${ref.name}`;
  const personal = type === 'personalAccessToken';
  const give = personal ? 'Give' : 'Or give';
  // Nothing of it is refreshed, and no sign-in brings it back.
  const why = personal
    ? 'Square does not accept the personal access token: it may have been replaced or revoked.'
    : message;
  return `${why} ${give} a new credential: it is ${place}, and a wrong value there, as ${mistaken[type]}, is refused in the same way.`;
}
