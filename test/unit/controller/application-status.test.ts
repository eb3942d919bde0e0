import { expect, it } from 'vitest';
import { type ApplicationStatusDeps, createApplicationReconciler } from '../../../src/controller/application-status.ts';
import { createIndex } from '../../../src/controller/index-by.ts';
import { projectApplication } from '../../../src/controller/projections.ts';
import { readStatus } from '../../../src/domain/recall.ts';
import type { KubeObject } from '../../../src/kube/resource.ts';
import { createFakeClock } from '../../support/clock.ts';

const ref = 'shop/pos';
const object: KubeObject = { metadata: { namespace: 'shop', name: 'pos', uid: 'u', resourceVersion: '1' } };

/** What Ready says of an application with this client secret, to which these sellers are connected. */
async function saidOf(clientSecret: 'None' | 'Present', sellers: readonly string[]): Promise<string> {
  const said: string[] = [];
  const connectionsOf = createIndex();
  for (const seller of sellers) connectionsOf.set(seller, [ref]);
  const mergePatch = async (...[, , , patch]: [unknown, string, string, { status: object }]) => {
    const { conditions } = patch.status as { conditions: { message: string }[] };
    said.push(...conditions.map(({ message }) => message));
  };
  const applications = { get: () => projectApplication(object), writing: () => () => {}, absorb: () => {} };
  const deps = {
    client: { mergePatch },
    clock: createFakeClock(),
    watches: { applications, connections: { get: (merchantID: string) => ({ stored: readStatus({ merchantID }) }) } },
    applications: { clientSecret: () => ({ kind: clientSecret }), refusal: () => undefined },
    turns: { slowed: () => undefined },
    heldBackTokens: { rows: () => [] },
    events: { record: () => {} },
    connectionsOf,
  } as unknown as ApplicationStatusDeps;
  await createApplicationReconciler(deps)(ref);
  return said.join();
}

it.each([
  ['its client ID', 'None', [], /takes its client ID shows when/],
  ['its client ID and secret', 'Present', [], /takes its client ID and secret shows when/],
  ['nothing, once a seller is connected', 'None', ['M-BAKERY'], /^The application can be used\.$/],
] as const)(
  'an application that is complete leaves open whether Square takes %s',
  async (_, secret, sellers, words) => {
    expect(await saidOf(secret, sellers)).toMatch(words);
  },
);
