import { describe, expect, it } from 'vitest';
import { endLink, offerLink } from '../../../src/controller/connect-links.ts';
import type { Sight } from '../../../src/controller/observe.ts';
import { dismiss, receive } from '../../../src/controller/receive.ts';
import { eventsOf } from '../../../src/controller/report.ts';
import { readStatus } from '../../../src/domain/recall.ts';
import type { Fact, Step } from '../../../src/domain/step.ts';
import { KubeError } from '../../../src/kube/client.ts';
import { aConnection, aFailure, aGrant, anObservation, noon } from '../../support/builders.ts';
import { createFakeClock } from '../../support/clock.ts';
import { aRing } from '../secrets/fixtures.ts';

const secret = 'bakery-incoming-a';
const o = anObservation();
const held = { uid: 'u', resourceVersion: '1', expiresAt: noon };

/** An API server that answers every write so. */
function refusing(status: number, reason: string) {
  const message = `DELETE /api/v1/namespaces/shop/secrets/x: ${status} ${reason}`;
  const refuse = () => Promise.reject(new KubeError({ status, reason, message, mayHaveActed: false }));
  const forgotten: string[] = [];
  const view = { get: () => held, forget: (key: string) => forgotten.push(key) };
  const deps = {
    client: { create: refuse, delete: refuse, mergePatch: refuse },
    clock: createFakeClock(noon),
    ring: aRing(),
    externalURL: 'https://square.example.com',
    watches: { links: view, incoming: view },
    incoming: { abandon: () => {} },
  } as unknown as Parameters<typeof offerLink>[0];
  return { deps, forgotten };
}

const abandoned: Step & { kind: 'Dismiss' } = { kind: 'Dismiss', secret, because: 'Abandoned', message: 'M.' };
const ended: Step = { kind: 'EndLink', because: 'Expired' };

const told = (step: Step, fact: Fact) =>
  eventsOf(readStatus({}), {}, [{ step, fact }], {}, () => undefined).map(({ reason, action, note }) => [
    `${reason} ${action}`,
    note,
  ]);

describe('what is left of a sign-in', () => {
  it.each([
    ['a link', ended, 'bakery-connect-link', (deps: Parameters<typeof endLink>[0]) => endLink(deps, o)],
    ['a claim', abandoned, secret, (deps: Parameters<typeof dismiss>[0]) => dismiss(deps, abandoned, o)],
    [
      'a sign-in that was refused',
      { ...abandoned, because: 'OtherMerchant' },
      secret,
      (deps: Parameters<typeof dismiss>[0]) => dismiss(deps, { ...abandoned, because: 'OtherMerchant' }, o),
    ],
  ] as const)('and that the API server does not let go is told, with what helps: %s', async (_, step, name, act) => {
    const { deps, forgotten } = refusing(403, 'Forbidden');
    const fact = await act(deps);
    expect(fact).toMatchObject({
      kind: 'Unwritten',
      message: expect.stringMatching(/403 Forbidden.*let the operator/),
    });
    expect(fact).toMatchObject({ message: expect.stringContaining(`Secret ${name} `) });
    expect(forgotten).toEqual([]);
    expect(told(step, fact)).toEqual([
      [`SecretNotWritten ${step.kind}`, expect.stringMatching(/403 Forbidden.*delete it by hand/)],
    ]);
    expect(await act(refusing(409, 'Conflict').deps)).toEqual({ kind: 'Stale' });
  });

  it.each([
    ['what a sign-in gave and waits elsewhere', { kind: 'Grant', grant: aGrant() }, [secret]],
    ['nothing that is on its way, when it is a claim', { kind: 'Claim', underWayUntil: noon }, []],
  ] as const)('takes with it %s', async (_, content, expected) => {
    const given: string[] = [];
    const deps = {
      incoming: { abandon: (_: unknown, of: string) => void given.push(of) },
      watches: { incoming: { get: () => undefined } },
    } as unknown as Parameters<typeof dismiss>[0];
    const arrivals = [{ secret, until: noon, content }];
    expect(await dismiss(deps, abandoned, anObservation({ arrivals }))).toEqual({ kind: 'Dismissed', secret });
    expect(given).toEqual(expected);
  });

  it('is a bug of ours when it fails by anything else', async () => {
    const { deps } = refusing(0, '');
    const broken = { ...deps, client: { delete: () => Promise.reject(new TypeError('x')) } } as unknown as typeof deps;
    await expect(endLink(broken, o)).rejects.toThrow(TypeError);
  });
});

describe('a link that the API server does not take', () => {
  it('is answered for, with what it says', async () => {
    const fact = await offerLink(refusing(403, 'Forbidden').deps, o);
    expect(fact).toMatchObject({ kind: 'NotOffered', message: expect.stringMatching(/403 Forbidden.*ask again/) });
  });

  it.each([[0], [409], [429], [503]])('for a while, is made again: %i', async (status) => {
    await expect(offerLink(refusing(status, 'Later').deps, o)).rejects.toMatchObject({ code: 'WriteRefused' });
  });
});

describe('a sign-in whose seller nobody names under a pin', () => {
  it('waits, and says so', async () => {
    const { merchantID: _, ...grant } = aGrant();
    const unnamed = anObservation({
      connection: aConnection({}, { merchantID: 'M-PIN' }),
      arrivals: [{ secret, until: noon + 1, content: { kind: 'Grant', grant } }],
    });
    const silent = () => Promise.resolve({ ok: false, failure: aFailure({ class: 'AccessTokenUnauthorized' }) });
    const { deps } = refusing(403, 'Forbidden');
    const square = { client: { retrieveTokenStatus: silent, retrieveMerchant: silent } };
    const asking = { ...deps, squares: { Production: square } } as unknown as typeof deps;
    const step = { kind: 'Receive', secret, because: 'SignedIn' } as const;
    const fact = await receive(asking, step, { environment: 'Production' } as Sight, unnamed);
    expect(fact).toMatchObject({ kind: 'Hindered', hindrance: { reason: 'SellerNotNamed' } });
    expect(told(step, fact)).toEqual([['SellerNotNamed Receive', expect.stringContaining('pinned to M-PIN')]]);
  });
});
