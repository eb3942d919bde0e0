import { hash } from 'node:crypto';
import type { z } from 'zod';
import type { ApplicationSpec, ApplicationStatus } from '../api/application.ts';
import type { ConnectionStatus } from '../api/connection.ts';
import { annotations, finalizer } from '../api/names.ts';
import { parseApplication, parseConnection } from '../api/parse.ts';
import { applicationStatus, connectionStatus, type StatusShape, statusShape } from '../api/status.ts';
import { parseInstant } from '../clock.ts';
import type { Connection, Requests } from '../domain/observation.ts';
import { readStatus, type StoredStatus } from '../domain/recall.ts';
import { parseReports } from '../domain/revocation-report.ts';
import type { KubeObject, ObjectMeta } from '../kube/resource.ts';

/** A connection, as the watch keeps it. */
export interface ConnectionView {
  readonly connection: Connection;
  readonly stored: StoredStatus;
  /** `statusDigest` of what is stored. */
  readonly digest: string;
}

/** An application, as the watch keeps it. */
export interface ApplicationView {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly generation: number;
  /** Absent when it is unreadable; the API server lets none in. */
  readonly spec?: ApplicationSpec;
  readonly status: ApplicationStatus;
  readonly digest: string;
}

export function projectConnection(object: KubeObject): ConnectionView {
  const parsed = parseConnection(object);
  const status = parsed.ok ? (parsed.value.status ?? {}) : readable(connectionStatus, object['status']);
  return {
    connection: {
      ...identity(object.metadata),
      createdAt: parseInstant(object.metadata.creationTimestamp ?? '') ?? 0,
      deleting: object.metadata.deletionTimestamp !== undefined,
      deletedAt: parseInstant(object.metadata.deletionTimestamp ?? '') ?? 0,
      finalized: object.metadata.finalizers?.includes(finalizer) === true,
      revokeAll: object.metadata.annotations?.[annotations.revokeAll] === 'true',
      spec: parsed.ok
        ? { ok: true, value: parsed.value.spec }
        : { ok: false, problem: `${parsed.problems.join('; ')}.` },
      requests: requestsOf(object.metadata.annotations ?? {}),
      ...reportsOf(object.metadata.annotations?.[annotations.revocationReported]),
    },
    stored: readStatus(status),
    digest: statusDigest(status),
  };
}

export function projectApplication(object: KubeObject): ApplicationView {
  const parsed = parseApplication(object);
  const status = parsed.ok ? (parsed.value.status ?? {}) : readable(applicationStatus, object['status']);
  return {
    ...identity(object.metadata),
    ...(parsed.ok ? { spec: parsed.value.spec } : {}),
    status,
    digest: statusDigest(status),
  };
}

/** What is known does not depend on a spec that can be understood; a status that does not look like one counts as none. */
function readable<T extends ConnectionStatus | ApplicationStatus>(schema: z.ZodType<T>, status: unknown): T {
  const read = schema.safeParse(status ?? {});
  return read.success ? read.data : ({} as T);
}

const identity = ({ namespace = '', name, uid = '', generation = 0 }: ObjectMeta) => ({
  namespace,
  name,
  uid,
  generation,
});

function reportsOf(annotation: string | undefined): Pick<Connection, 'reports'> {
  const reports = parseReports(annotation);
  return reports.length === 0 ? {} : { reports };
}

/** One for all that have none. */
const noRequests: Requests = Object.freeze({});

function requestsOf(notes: Readonly<Record<string, string>>): Requests {
  const refresh = notes[annotations.refreshRequestedAt];
  const disconnect = notes[annotations.disconnectRequestedAt];
  const adopt = notes[annotations.adoptRequestedAt];
  const connect = notes[annotations.connectRequestedAt];
  if ((refresh ?? disconnect ?? adopt ?? connect) === undefined) return noRequests;
  return {
    ...(refresh === undefined ? {} : { refresh }),
    ...(disconnect === undefined ? {} : { disconnect }),
    ...(adopt === undefined ? {} : { adopt }),
    ...(connect === undefined ? {} : { connect }),
  };
}

/**
 * Tells whether two statuses say the same, in whichever order. `lastVerifyTime` is left out: it moves with every
 * verification, and is no reason by itself to write.
 */
export function statusDigest(status: ConnectionStatus | ApplicationStatus): string {
  return hash('sha256', JSON.stringify(inPlaces(status, compared)), 'base64url');
}

const compared = statusShape.filter(({ name }) => name !== 'lastVerifyTime');

/**
 * Members by their place in the shape, so that their order says nothing; one that is not there leaves its place empty. Loops,
 * since it is made of every status at a start, and what a callback costs is most of it.
 */
function inPlaces(value: unknown, shape: StatusShape): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const places: unknown[] = [];
  if (Array.isArray(value)) for (const item of value) places.push(inPlaces(item, shape));
  else for (const { name, within } of shape) places.push(inPlaces((value as Record<string, unknown>)[name], within));
  return places;
}
