/** Square's answers to a refresh token, and to an access token, that it does not take. */
export const refused = { kind: 'answer', status: 401, shape: 'V1', message: 'Invalid refresh token' } as const;
export const unauthorized = {
  kind: 'answer',
  status: 401,
  shape: 'V2',
  category: 'AUTHENTICATION_ERROR',
  code: 'UNAUTHORIZED',
} as const;
