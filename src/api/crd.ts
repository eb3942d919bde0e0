import type { z } from 'zod';
import { applicationSpec, applicationStatus } from './application.ts';
import { connectionSpec, connectionStatus } from './connection.ts';
import { sealedSuffix } from './names.ts';
import type { Rule } from './schema.ts';

/** A column of `kubectl get`. */
export interface PrinterColumn {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'date';
  readonly description: string;
  readonly jsonPath: string;
  /** 1: only with `-o wide`. */
  readonly priority?: 1;
}

/** What the definition of a resource says beside the schemas of its spec and status. */
export interface ResourceDefinition {
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortName: string;
  readonly description: string;
  readonly spec: z.ZodType;
  readonly status: z.ZodType;
  /** Rules on the whole object, where `self.metadata.name` is. */
  readonly rules: readonly Rule[];
  readonly columns: readonly PrinterColumn[];
}

const ofReady = (field: string) => `.status.conditions[?(@.type=="Ready")].${field}`;

const ready: PrinterColumn = {
  name: 'Ready',
  type: 'string',
  description: 'Whether it works.',
  jsonPath: ofReady('status'),
};
const state: PrinterColumn = {
  name: 'Status',
  type: 'string',
  description: 'Why, in one word.',
  jsonPath: ofReady('reason'),
};
const age: PrinterColumn = {
  name: 'Age',
  type: 'date',
  description: 'Since its creation.',
  jsonPath: '.metadata.creationTimestamp',
};

/** A time of the future: kubectl prints an age for the type `date`, and `<invalid>` for what is yet to come. */
const upcoming = (name: string, description: string, jsonPath: string): PrinterColumn => ({
  name,
  type: 'string',
  description,
  jsonPath,
});

export const connectionDefinition: ResourceDefinition = {
  kind: 'SquareConnection',
  plural: 'squareconnections',
  singular: 'squareconnection',
  shortName: 'sqc',
  description: 'The authorization of one Square seller, kept alive, and its access token published as a Secret.',
  spec: connectionSpec,
  status: connectionStatus,
  rules: [
    {
      rule: 'self.metadata.name.size() <= 63',
      message: 'write a metadata.name of at most 63 characters',
    },
    {
      rule: `!self.metadata.name.endsWith('${sealedSuffix}')`,
      message: `write a metadata.name that does not end in ${sealedSuffix}: those are kept for the Secrets of sealed grants`,
    },
  ],
  columns: [
    ready,
    state,
    {
      name: 'Secret',
      type: 'string',
      description: 'The Secret that holds the access token.',
      jsonPath: '.status.secretName',
    },
    {
      name: 'Last Refresh',
      type: 'date',
      description: 'How long ago Square last gave a token.',
      jsonPath: '.status.lastRefreshTime',
    },
    upcoming('Next Refresh', 'When the next refresh is due.', '.status.nextRefreshTime'),
    age,
    {
      name: 'Merchant',
      type: 'string',
      description: 'The seller.',
      jsonPath: '.status.merchantID',
      priority: 1,
    },
    { ...upcoming('Expires', 'When the access token ends.', '.status.accessTokenExpiresAt'), priority: 1 },
  ],
};

export const applicationDefinition: ResourceDefinition = {
  kind: 'SquareApplication',
  plural: 'squareapplications',
  singular: 'squareapplication',
  shortName: 'sqapp',
  description: 'A Square application, by which sellers authorize connections.',
  spec: applicationSpec,
  status: applicationStatus,
  rules: [],
  columns: [
    ready,
    state,
    {
      name: 'Environment',
      type: 'string',
      description: "Square's production or its sandbox.",
      jsonPath: '.spec.environment',
    },
    {
      name: 'Connections',
      type: 'integer',
      description: 'How many connections use it.',
      jsonPath: '.status.connections.total',
    },
    age,
  ],
};

export const definitions: readonly ResourceDefinition[] = [connectionDefinition, applicationDefinition];

/** `kubectl get square` lists all of them. */
export const category = 'square';
