import { json, type Reply } from './reply.ts';
import type { Settings } from './settings.ts';

/** An error of `/v2` and of token/status (Square, Handling Errors). */
export const apiError = (status: number, category: string, code: string, detail: string): Reply =>
  json(status, { errors: [{ category, code, detail }] });

export const authenticationError = (status: number, code: string, detail: string): Reply =>
  apiError(status, 'AUTHENTICATION_ERROR', code, detail);

const categories: Readonly<Record<string, readonly [category: string, code: string]>> = {
  'service.not_authorized': ['AUTHENTICATION_ERROR', 'UNAUTHORIZED'],
  'bad_request.missing_parameter': ['INVALID_REQUEST_ERROR', 'MISSING_REQUIRED_PARAMETER'],
  'bad_request.invalid_parameter': ['INVALID_REQUEST_ERROR', 'INVALID_VALUE'],
  bad_request: ['INVALID_REQUEST_ERROR', 'BAD_REQUEST'],
  not_found: ['INVALID_REQUEST_ERROR', 'NOT_FOUND'],
  too_many_requests: ['RATE_LIMIT_ERROR', 'RATE_LIMITED'],
};

const oauthWord = (type: string, message: string) => {
  if (message === 'Not Authorized') return 'invalid_client';
  return type === 'service.not_authorized' || /code|token/.test(message) ? 'invalid_grant' : 'invalid_request';
};

/** An error of the OAuth endpoints, in the shape that the settings ask for. Square is seen to answer V1. */
export function oauthError(settings: Settings, status: number, type: string, message: string): Reply {
  if (settings.oauthErrors === 'V2') {
    const [category, code] = categories[type] ?? ['API_ERROR', 'INTERNAL_SERVER_ERROR'];
    return apiError(status, category, code, message);
  }
  if (settings.oauthErrors === 'OAuth') {
    return json(status === 401 ? 400 : status, { error: oauthWord(type, message), error_description: message });
  }
  const reply = json(status, { message, type });
  return settings.prettyErrors ? { ...reply, body: JSON.stringify({ message, type }, null, 2) } : reply;
}

export const notAuthorized = (settings: Settings) =>
  oauthError(settings, 401, 'service.not_authorized', 'Not Authorized');

export const missingParameter = (settings: Settings, name: string) =>
  oauthError(settings, 400, 'bad_request.missing_parameter', `missing required parameter '${name}'`);
