import { describe, expect, test } from 'vitest';
import { parseApplication, parseConnection } from '../../../src/api/parse.ts';

const metadata = {
  name: 'shop',
  namespace: 'shops',
  uid: 'f4d8',
  resourceVersion: '7',
  generation: 1,
  creationTimestamp: '2026-07-01T09:30:00Z',
};
const connection = (spec: unknown, more: object = {}) => parseConnection({ metadata, spec, ...more });
const problems = (spec: unknown) => {
  const parsed = connection(spec);
  return parsed.ok ? [] : parsed.problems;
};

describe('an object of the API server', () => {
  test('is read, without what is not known', () => {
    const parsed = parseConnection({
      apiVersion: 'square-operator.dev/v1alpha1',
      metadata: { ...metadata, managedFields: [{}] },
      spec: { applicationRef: { name: 'app' }, fieldOfALaterVersion: 1 },
      status: { revision: 3 },
    });
    expect(parsed).toEqual({
      ok: true,
      value: { metadata, spec: { applicationRef: { name: 'app' } }, status: { revision: 3 } },
    });
  });

  test('counts as one without a status where the status is damaged', () => {
    expect(connection({}, { status: { revision: 'three' } })).toMatchObject({ ok: true, value: { status: undefined } });
  });

  test('of an application is read', () => {
    const spec = { environment: 'Sandbox', clientID: 'sandbox-sq0idb-1', clientSecretRef: { name: 'c' } };
    expect(parseApplication({ metadata, spec })).toEqual({ ok: true, value: { metadata, spec } });
  });

  test.each([
    ['no object', null, 'the object'],
    ['without a spec', { metadata }, 'spec: is required'],
  ])('%s gives a problem', (_, object, says) => {
    expect(parseConnection(object)).toEqual({ ok: false, problems: [expect.stringContaining(says)] });
  });
});

describe('an object of an earlier schema', () => {
  test.each([
    [{ refreshInterval: '7d' }, 'spec.refreshInterval: write hours, minutes and seconds'],
    [{ scopes: ['A', 'b'] }, 'spec.scopes[1]: write a permission'],
    [
      { credential: { refreshToken: { secretRef: { name: 'a' } } } },
      'spec.credential.refreshToken.secretRef.key: is required',
    ],
    [{ credential: { refreshToken: { sealed: 'CLEAR' } } }, 'spec.credential.refreshToken.sealed: write the output of'],
    [{ secret: { template: { 'a/b': 'x' } } }, 'write a Secret key'],
    [{ secret: { template: { a: '{{ CLEAR }}' } } }, 'spec.secret.template.a: write placeholders'],
    [{ environment: 'Staging' }, 'expected one of "Production"|"Sandbox"'],
    [{ suspend: 'yes' }, 'spec.suspend: Invalid input: expected boolean'],
  ])('%j gives a problem that names the field', (spec, says) => {
    expect(problems(spec)).toEqual([expect.stringContaining(says)]);
  });

  test('never has a value repeated', () => {
    const spec = {
      merchantID: 'CLEAR TOKEN',
      environment: 'CLEAR',
      suspend: 'CLEAR',
      scopes: ['CLEAR-'],
      credential: { refreshToken: 'CLEAR', migrationToken: { sealed: 'CLEAR' } },
      secret: { name: 'CLEAR', template: { a: '{{CLEAR}}' }, labels: { a: 'CLEAR_' } },
    };
    expect(problems(spec).length).toBeGreaterThan(5);
    expect(problems(spec).join()).not.toContain('CLEAR');
  });

  test('shows a bounded number of problems', () => {
    expect(problems({ scopes: Array.from({ length: 100 }, () => 'a') })).toHaveLength(8);
  });
});
