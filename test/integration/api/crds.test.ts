import { beforeAll, describe, expect, test } from 'vitest';
import type { Answer } from '../../cluster/api.ts';
import { adminApi, createNamespace } from '../../support/cluster.ts';
import { invalidApplications } from './invalid-applications.ts';
import { invalidConnections } from './invalid-connections.ts';
import { validApplications, validConnections } from './valid.ts';

const base = '/apis/square-operator.dev/v1alpha1';
const kinds = { squareconnections: 'SquareConnection', squareapplications: 'SquareApplication' } as const;
type Plural = keyof typeof kinds;

let namespace: string;
beforeAll(async () => {
  namespace = await createNamespace();
});

const object = (plural: Plural, name: string, spec: unknown) => ({
  apiVersion: 'square-operator.dev/v1alpha1',
  kind: kinds[plural],
  metadata: { name },
  spec,
});

const pathOf = (plural: Plural, name = '') => `${base}/namespaces/${namespace}/${plural}${name && `/${name}`}`;

async function create(plural: Plural, name: string, spec: unknown, query = ''): Promise<Answer> {
  const api = await adminApi();
  return api.send('POST', `${pathOf(plural)}?fieldValidation=Strict${query}`, { body: object(plural, name, spec) });
}

const dryRun = (plural: Plural, name: string, spec: unknown) => create(plural, name, spec, '&dryRun=All');

async function patch(plural: Plural, name: string, change: unknown): Promise<Answer> {
  const api = await adminApi();
  return api.send('PATCH', pathOf(plural, name), { body: change, contentType: 'application/merge-patch+json' });
}

const messageOf = (answer: Answer) => (answer.body as { message?: string }).message ?? '';

describe('a connection is refused, with what to write instead, for', () => {
  test.each(invalidConnections)('$is', async ({ name = 'shop', spec, says }) => {
    const answer = await dryRun('squareconnections', name, spec);
    expect([answer.status, messageOf(answer)]).toEqual([422, expect.stringContaining(says)]);
    expect(messageOf(answer), 'repeats a value that may be a secret').not.toContain('CLEAR-TOKEN');
    expect(messageOf(answer), 'a rule could not be evaluated').not.toMatch(/evaluat|no such key/);
  });
});

describe('an application is refused, with what to write instead, for', () => {
  test.each(invalidApplications)('$is', async ({ name = 'app', spec, says }) => {
    const answer = await dryRun('squareapplications', name, spec);
    expect([answer.status, messageOf(answer)]).toEqual([422, expect.stringContaining(says)]);
    expect(messageOf(answer), 'a rule could not be evaluated').not.toMatch(/evaluat|no such key/);
  });
});

describe('is accepted:', () => {
  test.each(validConnections)('a connection with $is', async ({ name = 'shop', spec }) => {
    const answer = await dryRun('squareconnections', name, spec);
    expect([answer.status, messageOf(answer)]).toEqual([201, '']);
  });

  test.each(validApplications)('an application with $is', async ({ name = 'app', spec }) => {
    const answer = await dryRun('squareapplications', name, spec);
    expect([answer.status, messageOf(answer)]).toEqual([201, '']);
  });
});

describe('what cannot change', () => {
  test.each([
    ['given, then another', { type: 'example.com/a' }, { secret: { type: 'example.com/b' } }],
    ['absent, then given', { name: 'x' }, { secret: { type: 'example.com/b' } }],
    ['given, then absent', { type: 'example.com/a' }, { secret: null }],
  ])('the type of the token Secret: %s', async (is, secret, change) => {
    const name = `type-${is.replaceAll(/[^a-z]+/g, '-')}`;
    expect(await create('squareconnections', name, { applicationRef: { name: 'app' }, secret })).toMatchObject({
      status: 201,
    });
    const answer = await patch('squareconnections', name, { spec: change });
    expect([answer.status, messageOf(answer)]).toEqual([
      422,
      expect.stringContaining('write the earlier secret.type again'),
    ]);
  });

  test('naming the default type of the token Secret is no change', async () => {
    await create('squareconnections', 'opaque', { applicationRef: { name: 'app' } });
    const answer = await patch('squareconnections', 'opaque', { spec: { secret: { type: 'Opaque' } } });
    expect(answer.status).toBe(200);
  });

  test.each([
    ['environment', 'Production'],
    ['clientID', 'sandbox-sq0idb-2'],
  ])('%s of an application', async (field, value) => {
    const name = `fixed-${field.toLowerCase()}`;
    const spec = { environment: 'Sandbox', clientID: 'sandbox-sq0idb-1', clientSecretRef: { name: 'c' } };
    expect(await create('squareapplications', name, spec)).toMatchObject({ status: 201 });
    const answer = await patch('squareapplications', name, { spec: { [field]: value } });
    expect([answer.status, messageOf(answer)]).toEqual([
      422,
      expect.stringContaining(`write the earlier ${field} again`),
    ]);
  });
});

describe('what the API server serves', () => {
  test('defaults, and none for the refresh interval', async () => {
    const connection = await dryRun('squareconnections', 'shop', { applicationRef: { name: 'app' } });
    expect(connection.body).toHaveProperty('spec', {
      applicationRef: { name: 'app' },
      deletionPolicy: 'Retain',
      verifyInterval: '1h',
    });
    const spec = { environment: 'Sandbox', clientID: 'x', clientSecretRef: { name: 'c' }, allowedNamespaces: {} };
    const application = await dryRun('squareapplications', 'app', spec);
    expect(application.body).toHaveProperty('spec', {
      ...spec,
      clientSecretRef: { name: 'c', key: 'client-secret' },
      allowedNamespaces: { from: 'Same' },
      flow: 'Code',
      maxAuthorizations: 500,
    });
  });

  test('short names, the category square and the status subresource', async () => {
    const api = await adminApi();
    const { resources } = await api.ask<{
      resources: { name: string; shortNames?: string[]; categories?: string[] }[];
    }>('GET', base);
    const named = Object.fromEntries(resources.map((one) => [one.name, [one.shortNames, one.categories]]));
    expect(named).toEqual({
      squareconnections: [['sqc'], ['square']],
      squareapplications: [['sqapp'], ['square']],
      'squareconnections/status': [undefined, undefined],
      'squareapplications/status': [undefined, undefined],
    });
  });

  test('a description for every field that people write', async () => {
    const api = await adminApi();
    const { components } = await api.ask<{ components: { schemas: Record<string, Schema> } }>(
      'GET',
      '/openapi/v3/apis/square-operator.dev/v1alpha1',
    );
    const missing = Object.entries(components.schemas)
      .filter(([name]) => /\.Square(Connection|Application)$/.test(name))
      .flatMap(([, schema]) => undescribed(schema.properties?.['spec'], 'spec'));
    expect(missing).toEqual([]);
  });

  test('the columns of kubectl get', async () => {
    const api = await adminApi();
    await create('squareconnections', 'columns', { applicationRef: { name: 'app' } });
    const time = '2026-07-01T09:30:00Z';
    await api.ask('PATCH', `${pathOf('squareconnections', 'columns')}/status`, {
      contentType: 'application/merge-patch+json',
      body: {
        status: {
          conditions: [
            { type: 'Ready', status: 'True', reason: 'ReauthorizationNeeded', message: '', lastTransitionTime: time },
          ],
          secretName: 'columns',
          merchantID: 'ML1',
          lastRefreshTime: new Date(Date.now() - 7_200_000).toISOString(),
          nextRefreshTime: '2099-07-08T09:30:00Z',
          accessTokenExpiresAt: '2099-07-31T09:30:00Z',
        },
      },
    });
    const table = await api.ask<{
      columnDefinitions: { name: string; priority: number }[];
      rows: { cells: unknown[] }[];
    }>('GET', pathOf('squareconnections', 'columns'), {
      headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' },
    });
    const cells = table.rows[0]?.cells ?? [];
    expect(table.columnDefinitions.map(({ name, priority }, index) => [name, priority, cells[index]])).toEqual([
      ['Name', 0, 'columns'],
      ['Ready', 0, 'True'],
      ['Status', 0, 'ReauthorizationNeeded'],
      ['Secret', 0, 'columns'],
      ['Last Refresh', 0, '120m'],
      ['Next Refresh', 0, '2099-07-08T09:30:00Z'],
      ['Age', 0, expect.stringMatching(/^\d+s$/)],
      ['Merchant', 1, 'ML1'],
      ['Expires', 1, '2099-07-31T09:30:00Z'],
    ]);
  });
});

interface Schema {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
}

function undescribed(schema: Schema | undefined, path: string): string[] {
  if (schema === undefined) return [path];
  const inner = Object.entries(schema.properties ?? {}).flatMap(([name, field]) => [
    ...(field.description ? [] : [`${path}.${name}`]),
    ...undescribed(field, `${path}.${name}`),
  ]);
  return schema.items ? [...inner, ...undescribed(schema.items, `${path}[]`)] : inner;
}
