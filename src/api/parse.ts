import { z } from 'zod';
import { applicationSpec, applicationStatus } from './application.ts';
import { connectionSpec, connectionStatus } from './connection.ts';

/** What the operator reads of an object's metadata; the API server writes it. */
const metadata = z.object({
  name: z.string(),
  namespace: z.string(),
  uid: z.string(),
  resourceVersion: z.string(),
  generation: z.int(),
  creationTimestamp: z.string(),
  deletionTimestamp: z.string().optional(),
  annotations: z.record(z.string(), z.string()).optional(),
  labels: z.record(z.string(), z.string()).optional(),
  finalizers: z.array(z.string()).optional(),
});
export type Metadata = z.infer<typeof metadata>;

/**
 * A status is ours alone and can be computed again, so one that does not look like one (restored, or written by another
 * version) counts as none.
 */
const connection = z.object({ metadata, spec: connectionSpec, status: connectionStatus.optional().catch(undefined) });
export type SquareConnection = z.infer<typeof connection>;

/** Compiled when the first one is read: thousands are at a start, and a command that reads none need not wait for it. */
let compiled: typeof connection | undefined;

const application = z.object({
  metadata,
  spec: applicationSpec,
  status: applicationStatus.optional().catch(undefined),
});
export type SquareApplication = z.infer<typeof application>;

export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  /** Each names a field and says what to write there; none repeats a value. */
  | { readonly ok: false; readonly problems: readonly string[] };

/**
 * Reads an object as the API server gave it. Unknown fields are left out. An object that was stored under an earlier
 * schema can be wrong in its shapes and bounds; rules across fields are the API server's and are not checked again.
 */
export const parseConnection = (object: unknown): Parsed<SquareConnection> =>
  parse((compiled ??= z.compile(connection)), object);

/** The same for a `SquareApplication`. */
export const parseApplication = (object: unknown): Parsed<SquareApplication> => parse(application, object);

/** So many problems fit in a condition's message; the rest shows when these are mended. */
const problemsShown = 8;

function parse<T>(schema: z.ZodType<T>, object: unknown): Parsed<T> {
  const result = schema.safeParse(object);
  if (result.success) return { ok: true, value: result.data };
  return { ok: false, problems: result.error.issues.slice(0, problemsShown).map(problem) };
}

/** zod's own messages tell the expected type and the bounds, and never the value. */
function problem(issue: z.core.$ZodIssue): string {
  const path = issue.path.reduce<string>((before, step) => {
    if (typeof step === 'number') return `${before}[${step}]`;
    return before === '' ? String(step) : `${before}.${String(step)}`;
  }, '');
  const missing = issue.code === 'invalid_type' && issue.message.endsWith('received undefined');
  const inner = issue.code === 'invalid_key' ? issue.issues[0]?.message : undefined;
  const message = missing ? 'is required: write it' : (inner ?? issue.message);
  return `${path === '' ? 'the object' : path}: ${message}`;
}
