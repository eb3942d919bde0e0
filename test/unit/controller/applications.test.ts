import { describe, expect, it } from 'vitest';
import type { ApplicationSpec } from '../../../src/api/application.ts';
import type { ConnectionSpec } from '../../../src/api/connection.ts';
import { secretTypes } from '../../../src/api/names.ts';
import { createSquareTime, days, formatInstant, hours, minutes } from '../../../src/clock.ts';
import { createApplications } from '../../../src/controller/applications.ts';
import { type ApplicationView, projectApplication } from '../../../src/controller/projections.ts';
import { openToken } from '../../../src/domain/token.ts';
import type { KubeObject } from '../../../src/kube/resource.ts';
import type { MemoryVault } from '../../../src/secrets/port.ts';
import { createMemoryVault, projectCredentialSecret } from '../../../src/secrets/vault.ts';
import { aConnection, aFailure, aSpec, noon } from '../../support/builders.ts';
import { createFakeClock } from '../../support/clock.ts';

const ref = 'platform/pos';
const refused = aFailure({ class: 'ClientRefused', reason: 'ClientRefused', status: 401 });
const spec: ApplicationSpec = {
  environment: 'Production',
  clientID: 'sq0idp-EXAMPLE',
  clientSecretRef: { name: 'client' },
  allowedNamespaces: { from: 'All' },
};

interface Stage {
  readonly spec?: Partial<ApplicationSpec>;
  readonly secrets?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Message of the condition Ready/ClientRefused that stands in the status. */
  readonly refused?: string;
  readonly watchNamespaces?: readonly string[];
  readonly namespaceLabels?: Readonly<Record<string, string>>;
}

function stage({ secrets = { client: { 'client-secret': 'good' } }, ...given }: Stage = {}) {
  const clock = createFakeClock(noon);
  const vault = createMemoryVault();
  const time = createSquareTime(clock);
  const condition = {
    type: 'Ready',
    status: 'False',
    reason: 'ClientRefused',
    lastTransitionTime: formatInstant(noon),
  };
  const object: KubeObject = {
    metadata: { namespace: 'platform', name: 'pos', uid: 'u', resourceVersion: '1', generation: 1 },
    spec: { ...spec, ...given.spec },
    ...(given.refused === undefined ? {} : { status: { conditions: [{ ...condition, message: given.refused }] } }),
  };
  object.metadata.creationTimestamp = formatInstant(noon);
  const view: ApplicationView = projectApplication(object);
  const credentials = new Map(
    Object.entries(secrets).map(([name, data]) => [`platform/${name}`, credentialSecret(name, data, vault)] as const),
  );
  const watches = {
    applications: new Map([[ref, view]]),
    credentials,
    namespaces: new Map([['shop', given.namespaceLabels ?? {}]]),
  };
  const square = { time };
  const deps = { clock, vault, watches, squares: { Production: square, Sandbox: square } };
  type Deps = Parameters<typeof createApplications>[0];
  const applications = createApplications({
    ...(deps as unknown as Deps),
    watchNamespaces: given.watchNamespaces ?? [],
    heldBackTokens: { of: () => undefined },
    issuing: { of: () => undefined },
  });
  const resolve = (fields: Partial<ConnectionSpec> = {}) =>
    applications.resolve(aConnection(), aSpec({ applicationRef: { name: 'pos', namespace: 'platform' }, ...fields }));
  const store = (name: string, value: string) =>
    credentials.set(`platform/${name}`, credentialSecret(name, { 'client-secret': value }, vault));
  return { applications, clock, time, view, resolve, store };
}

function credentialSecret(name: string, data: Readonly<Record<string, string>>, vault: MemoryVault) {
  const encoded = Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')]),
  );
  const object = { metadata: { name, namespace: 'platform' }, type: secretTypes.credential, data: encoded };
  return projectCredentialSecret(object, vault);
}

describe('the application of a connection', () => {
  it.each([
    ['is found', {}, { kind: 'Found', ref, clientID: 'sq0idp-EXAMPLE', clientSecret: { kind: 'Present' } }],
    ['allows only its own namespace', { spec: { allowedNamespaces: { from: 'Same' } } }, { kind: 'NotAllowed', ref }],
    ['allows no other one unless it says so', { spec: { allowedNamespaces: undefined } }, { kind: 'NotAllowed', ref }],
    [
      'selects namespaces, and not this one',
      { spec: { allowedNamespaces: { from: 'Selector', selector: { matchLabels: { team: 'shops' } } } } },
      { kind: 'NotAllowed', ref },
    ],
    [
      'selects this one',
      {
        spec: { allowedNamespaces: { from: 'Selector', selector: { matchLabels: { team: 'shops' } } } },
        namespaceLabels: { team: 'shops' },
      },
      { kind: 'Found' },
    ],
    ['is out of reach', { watchNamespaces: ['shop'] }, { kind: 'NotReachable', ref }],
    ['has no client secret: PKCE', { spec: { clientSecretRef: undefined } }, { clientSecret: { kind: 'None' } }],
    ['has lost its Secret', { secrets: {} }, { clientSecret: { kind: 'Problem' } }],
    ['has a Secret without the key', { secrets: { client: { other: 'x' } } }, { clientSecret: { kind: 'Problem' } }],
    [
      'has a Secret that is empty',
      { secrets: { client: { 'client-secret': ' ' } } },
      { clientSecret: { kind: 'Problem' } },
    ],
  ] as const)('%s', async (_, given, expected) => {
    expect(await stage(given as Stage).resolve()).toMatchObject(expected);
  });

  it('is missing', async () => {
    expect(await stage().resolve({ applicationRef: { name: 'other' } })).toEqual({
      kind: 'Missing',
      ref: 'shop/other',
    });
  });

  it('is not needed for a personal access token', async () => {
    const { applicationRef: _, ...without } = aSpec({ environment: 'Sandbox' });
    expect(await stage().applications.resolve(aConnection(), without)).toEqual({
      kind: 'NotNeeded',
      environment: 'Sandbox',
    });
  });

  it('has its client secrets in the order to try them', () => {
    const { applications } = stage({
      spec: { previousClientSecretRef: { name: 'previous', key: 'old' } },
      secrets: { client: { 'client-secret': ' now\n' }, previous: { old: 'before' } },
    });
    expect(applications.clientSecrets(ref).map(openToken)).toEqual(['now', 'before']);
  });

  it('is looked at anew when its client secret was replaced', async () => {
    const { resolve, store } = stage();
    const seen = async () => (await resolve()) as { clientSecret?: { kind: string } };
    expect((await seen()).clientSecret?.kind).toBe('Present');
    store('client', 'two words');
    expect((await seen()).clientSecret?.kind).toBe('Problem');
    store('client', 'good-again');
    expect((await seen()).clientSecret?.kind).toBe('Present');
  });

  it('says no value of a Secret in what is wrong with it', () => {
    const { applications, view } = stage({ secrets: { client: { 'client-secret': 'EAAACanary EAAACanary' } } });
    const problem = applications.clientSecret(view);
    expect(problem).toMatchObject({ kind: 'Problem' });
    expect(JSON.stringify(problem)).not.toContain('Canary');
  });
});

describe('a client that Square refuses', () => {
  it('is asked about by one connection at a time, ever more rarely', async () => {
    const { applications, clock, time } = stage();
    expect(applications.mayAsk(ref)).toBe(true);
    let before = 0;
    for (let i = 0; i < 12; i++) {
      const { retryAt, since } = applications.refused(ref, refused);
      const wait = retryAt - time.now();
      expect(since).toBe(noon);
      expect(wait).toBeGreaterThanOrEqual(minutes(0.8));
      expect(wait).toBeLessThanOrEqual(minutes(36));
      if (wait < minutes(20)) expect(wait).toBeGreaterThan(before);
      before = wait;
      expect(applications.mayAsk(ref)).toBe(false);
      await clock.advance(wait);
      expect(applications.mayAsk(ref)).toBe(true);
      expect(applications.mayAsk(ref), 'a second one asks at the same time').toBe(false);
    }
  });

  it('is forgotten when Square takes it, or when its Secret or spec changes', () => {
    const { applications } = stage();
    applications.refused(ref, refused);
    expect(applications.accepted(ref)).toBe(true);
    expect(applications.accepted(ref)).toBe(false);
    expect(applications.refusal(ref)).toBeUndefined();
    applications.refused(ref, refused);
    applications.changed(ref);
    expect(applications.mayAsk(ref)).toBe(true);
  });

  it('is known to the next process from the status, and asked about one backoff later', async () => {
    const { applications, clock, resolve } = stage({
      refused: `Square refuses it since ${formatInstant(noon - hours(3))}. Do so.`,
    });
    expect(applications.refusal(ref)).toMatchObject({ since: noon - hours(3) });
    expect(await resolve()).toMatchObject({ refusal: { since: noon - hours(3) } });
    expect(applications.mayAsk(ref)).toBe(false);
    await clock.advance(minutes(2));
    expect(applications.mayAsk(ref)).toBe(true);
  });

  it('is not waited for longer because a clock was ahead', () => {
    const { applications, time } = stage({ refused: `Square refuses it since ${formatInstant(noon)}.` });
    applications.refusal(ref);
    for (const _ of ['one answer', 'a second one']) time.observe(noon - days(3));
    const { retryAt = 0, since = 0 } = applications.refusal(ref) ?? {};
    expect(retryAt - time.now()).toBeLessThanOrEqual(minutes(2));
    expect(since).toBeLessThanOrEqual(time.now());
  });

  it('is of a disabled application when a verification says so, which asks nobody less often, and ends with another', () => {
    const { applications, time } = stage();
    const { retryAt } = applications.disabled(ref);
    expect(applications.disabled(ref)).toEqual({ since: noon, count: 1, retryAt, disabled: true });
    expect(retryAt - time.now()).toBeLessThanOrEqual(minutes(2));
    applications.enabled(ref);
    expect(applications.refusal(ref)).toBeUndefined();
    applications.refused(ref, refused);
    applications.enabled(ref);
    expect(applications.refusal(ref), 'an access token says nothing of the secret').toBeDefined();
    applications.refused(ref, { ...refused, reason: 'ClientDisabled' });
    expect(applications.refusal(ref)).toMatchObject({ disabled: true });
  });

  it('is a matter of that application alone', () => {
    const { applications } = stage();
    applications.refused(ref, refused);
    expect(applications.mayAsk('platform/other')).toBe(true);
  });
});
