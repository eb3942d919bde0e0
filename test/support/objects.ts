import type { ApplicationSpec } from '../../src/api/application.ts';
import type { Condition, ConnectionSpec, ConnectionStatus } from '../../src/api/connection.ts';
import { apiVersion, secretTypes } from '../../src/api/names.ts';

/** Builders of the objects that people write, and what the API server gives back. */

export interface StoredObject {
  readonly kind?: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly generation?: number;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly ownerReferences?: unknown;
    readonly finalizers?: readonly string[];
    readonly managedFields?: readonly {
      readonly manager?: string;
      readonly fieldsV1?: Readonly<Record<string, unknown>>;
    }[];
  };
}

export interface StoredConnection extends StoredObject {
  readonly spec: ConnectionSpec;
  readonly status?: ConnectionStatus;
}

export interface StoredApplication extends StoredObject {
  readonly status?: {
    readonly conditions?: readonly Condition[];
    readonly connections?: { readonly total: number; readonly ready: number };
  };
}

export interface StoredSecret extends StoredObject {
  readonly type: string;
  readonly data?: Readonly<Record<string, string>>;
}

export interface StoredEvent extends StoredObject {
  readonly type: string;
  readonly reason: string;
  readonly note: string;
  readonly regarding: { readonly kind: string; readonly name: string };
  readonly series?: { readonly count: number };
}

export const anApplication = (namespace: string, name: string, spec: Partial<ApplicationSpec>) => ({
  apiVersion,
  kind: 'SquareApplication',
  metadata: { namespace, name },
  spec: { environment: 'Production', clientSecretRef: { name: `${name}-client` }, ...spec },
});

export const aConnection = (
  namespace: string,
  name: string,
  spec: object,
  metadata: { readonly labels?: object; readonly annotations?: object } = {},
) => ({ apiVersion, kind: 'SquareConnection', metadata: { namespace, name, ...metadata }, spec });

/** A Secret of the type that consents to its being read, unless told otherwise. */
export const aSecret = (
  namespace: string,
  name: string,
  stringData: Readonly<Record<string, string>>,
  more: { readonly type?: string; readonly labels?: object; readonly annotations?: object } = {},
) => {
  const { type = secretTypes.credential, ...metadata } = more;
  return { apiVersion: 'v1', kind: 'Secret', metadata: { namespace, name, ...metadata }, type, stringData };
};

/** The values of a Secret as text. */
export const textsOf = ({ data = {} }: Pick<StoredSecret, 'data'>): Record<string, string> =>
  Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]));
