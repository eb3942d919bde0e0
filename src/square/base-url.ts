/** A base URL that must not be called. `code` is stable. */
export class BaseURLRefused extends Error {
  readonly code = 'SquareBaseURLRefused';
  override readonly name = 'BaseURLRefused';
}

const loopback = (hostname: string) =>
  hostname === 'localhost' || hostname === '[::1]' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(hostname);

/**
 * The origin of Square's API from a setting such as `https://connect.squareup.com`. Throws `BaseURLRefused` for what
 * would send tokens in clear (plain http, except to this machine) or is more than an origin.
 */
export function squareOrigin(baseURL: string): string {
  const url = URL.canParse(baseURL) ? new URL(baseURL) : undefined;
  if (url === undefined) {
    throw new BaseURLRefused('Square base URL is not a URL: write it as https://connect.squareup.com');
  }
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && loopback(url.hostname))) {
    throw new BaseURLRefused('Square base URL must be https; plain http is allowed to loopback addresses only');
  }
  if (url.username !== '' || url.password !== '' || url.pathname !== '/' || url.search !== '' || url.hash !== '') {
    throw new BaseURLRefused('Square base URL must be scheme, host and port only: no user, path, query or fragment');
  }
  return url.origin;
}
