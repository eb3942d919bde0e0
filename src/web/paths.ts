import type { ConnectionRef } from './sign-in-port.ts';

type Place = Omit<ConnectionRef, 'uid'>;

const of = ({ namespace, name }: Place) => `${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`;

/** The page of a connection's seller; `base` is the path under which all pages lie. */
export const sellerPath = (base: string, place: Place): string => `${base}/connect/${of(place)}`;

/** The page of a connection for the platform team. */
export const staffPath = (base: string, place: Place): string => `${base}/connections/${of(place)}`;

/** The path under which the pages lie: empty at the root of the host. */
export const basePath = (externalURL: string): string => new URL(externalURL).pathname.replace(/\/$/, '');

const nameLike = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;

/** Whether both can be names in Kubernetes; others need not be looked for. */
export const isPlace = ({ namespace, name }: Place): boolean => nameLike.test(namespace) && nameLike.test(name);
