import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Fastify from 'fastify';

interface Problem {
  readonly instancePath: string;
  readonly message?: string;
}

const schema = (name: string) =>
  JSON.parse(readFileSync(join(import.meta.dirname, `cyclonedx/${name}.SNAPSHOT.schema.json`), 'utf8')) as object;

/** Made once: to compile the schema takes longer than everything else. It listens nowhere. */
const makeChecker = () => {
  // Fastify checks bodies with ajv. Everything that mends a body instead of refusing it is off.
  const mending = { coerceTypes: false, removeAdditional: false, useDefaults: false } as const;
  const formats = { 'iri-reference': true, 'idn-email': true } as const;
  const customOptions = { ...mending, formats, allErrors: true, strict: false };
  const server = Fastify({ ajv: { customOptions }, bodyLimit: 2 ** 24 });
  server.addSchema(schema('spdx'));
  server.addSchema(schema('jsf-0.82'));
  server.post('/', { schema: { body: schema('bom-1.6') }, attachValidation: true }, ({ validationError }) =>
    ((validationError?.validation ?? []) as Problem[]).map(({ instancePath, message }) => `${instancePath} ${message}`),
  );
  return server;
};
let checker: ReturnType<typeof makeChecker> | undefined;

/** What a bill of materials has that the schema of CycloneDX 1.6 does not allow; empty when it is valid. */
export async function cycloneDxProblems(bill: string): Promise<string[]> {
  checker ??= makeChecker();
  const headers = { 'content-type': 'application/json' };
  const answer = await checker.inject({ method: 'POST', url: '/', headers, payload: bill });
  if (answer.statusCode !== 200) throw new Error(answer.body);
  return answer.json();
}
