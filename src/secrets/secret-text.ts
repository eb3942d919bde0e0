import type { KubeObject } from '../kube/resource.ts';

/** The values of a Secret in base64, as the API server gives them. */
export function dataOf(secret: KubeObject): Readonly<Record<string, string>> {
  const data = secret['data'];
  return typeof data === 'object' && data !== null ? (data as Record<string, string>) : {};
}

/** The Secret's type; `Opaque` is what the API server makes of none. */
export const typeOf = ({ type }: KubeObject): string => (typeof type === 'string' ? type : 'Opaque');

/** One value of a Secret as UTF-8 text; `undefined` when the key is not there. */
export function textOf(secret: KubeObject, key: string): string | undefined {
  const data = dataOf(secret);
  const value = Object.hasOwn(data, key) ? data[key] : undefined;
  return typeof value === 'string' ? Buffer.from(value, 'base64').toString('utf8') : undefined;
}
