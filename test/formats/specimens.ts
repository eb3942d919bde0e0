import { stringify } from 'yaml';
import type { Environment } from '../../src/api/connection.ts';
import { annotations } from '../../src/api/names.ts';
import { hours, systemClock } from '../../src/clock.ts';
import { openToken, secretBytes } from '../../src/domain/token.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import type { KubeObject } from '../../src/kube/resource.ts';
import { makeConnectLink, storeConnectLink } from '../../src/secrets/connect-link.ts';
import { putIntoEscrow } from '../../src/secrets/escrow.ts';
import { sealGrant } from '../../src/secrets/grant.ts';
import { storeGrant } from '../../src/secrets/grant-secret.ts';
import { claimSignIn, fillIncoming, incomingPlace } from '../../src/secrets/incoming.ts';
import { sealIssued } from '../../src/secrets/journal-record.ts';
import { createNextKey, projectKeySecret, readOrCreateKeySecrets } from '../../src/secrets/key-secrets.ts';
import type { KeyRing } from '../../src/secrets/port.ts';
import { publishPublicKey } from '../../src/secrets/public-key.ts';
import { renderTokenSecret } from '../../src/secrets/render-token-secret.ts';
import { ringOf } from '../../src/secrets/ring.ts';
import { sealCredential } from '../../src/secrets/seal-credential.ts';
import { publishTokenSecret } from '../../src/secrets/token-secret.ts';
import { crds } from '../../tools/generate/crds.ts';
import { inTheClear } from '../support/in-the-clear.ts';
import { createModelApiServer } from '../unit/controller/model/api-server.ts';
import {
  arrived,
  attemptID,
  bindingOf,
  escrowed,
  externalURL,
  farEnd,
  holder,
  namespace,
  operatorNamespace,
  refresh,
  sealedGrants,
  uidOf,
  written,
} from './grants.ts';
import { applicationSpecimens, connectionSpecimens, specOfBakery } from './objects.ts';

/** Files by their paths. */
export type Specimens = ReadonlyMap<string, string>;

const clock = { ...systemClock, wall: () => written };
const log = { debug() {}, info() {}, warn() {}, error() {} };

/**
 * One of everything that this build stores, written by the very code that stores it. What is in them is always the same;
 * the keys, salts and nonces are new each time.
 */
export async function makeSpecimens(): Promise<Specimens> {
  const api = createModelApiServer(
    () => written,
    () => {},
  );
  const client = api.client(
    async (_, act) => act(),
    () => {},
  );
  const { ring, earlier } = await makeRing(client, () => api.all('secrets'));
  const keys = [...api.all('secrets'), ...api.all('configmaps')];
  const store = (before: readonly KubeObject[]) => api.all('secrets').filter((one) => !before.includes(one));
  const made = async (work: () => Promise<unknown>): Promise<KubeObject[]> => {
    const before = api.all('secrets');
    await work();
    return store(before);
  };
  const credential = await sealCredential(ring.active.publicKey, bindingOf('corner'), refresh('corner'));
  return new Map([
    ...crds().map(({ path, text }): [string, string] => [path, text]),
    ['applications.yaml', documents(applicationSpecimens())],
    ['connections.yaml', documents(connectionSpecimens(credential, ring.active.id))],
    ['sealing-keys.yaml', documents(keys)],
    ['sealed-grants.yaml', documents(await made(() => storeGrants(client, ring, earlier)))],
    ['token-secrets.yaml', documents(await made(() => publish(client)))],
    [
      'escrow.yaml',
      documents(
        await made(() => putIntoEscrow({ client, ring, namespace: operatorNamespace }, bindingOf('cafe'), escrowed)),
      ),
    ],
    ['sign-ins.yaml', documents(await made(() => signIn(client, ring)))],
    ['connect-links.yaml', documents(await made(() => link(client, ring)))],
    [`journal/${holder}/owner.json`, `${JSON.stringify(owner)}\n`],
    [`journal/${holder}/${attemptID}.jwe`, answer(ring)],
    ['contents.json', `${JSON.stringify(contents(), undefined, 2)}\n`],
  ]);
}

const documents = (objects: readonly object[]): string =>
  objects.map((object) => stringify(object, { lineWidth: 0, aliasDuplicateObjects: false })).join('---\n');

/** Two keys, of which the first is retired; `earlier`: the ring as it was before the second. */
async function makeRing(client: KubeClient, secrets: () => KubeObject[]): Promise<{ ring: KeyRing; earlier: KeyRing }> {
  const deps = { client, namespace: operatorNamespace, log, clock };
  const first = await readOrCreateKeySecrets(deps);
  await createNextKey(
    { ...deps, clock: { ...clock, wall: () => written + hours(1) } },
    ['square-operator-sealing-key-1'],
    first,
  );
  for (const secret of secrets().slice(0, 1)) {
    const { namespace: place = '', name } = secret.metadata;
    const metadata = {
      labels: { 'square-operator.dev/sealing-key-state': 'retired' },
      annotations: { [annotations.records]: '1', [annotations.removable]: 'false' },
    };
    await client.mergePatch({ plural: 'secrets' } as never, place, name, { metadata });
  }
  const ring = ringOf(
    secrets().flatMap((secret) => projectKeySecret(secret).material ?? []),
    true,
  );
  await publishPublicKey(deps, ring.active.publicKey);
  return { ring, earlier: ringOf(first, true) };
}

async function storeGrants(client: KubeClient, ring: KeyRing, earlier: KeyRing): Promise<void> {
  for (const [connection, grant] of Object.entries(sealedGrants)) {
    const by = connection === 'stall' ? earlier : ring;
    const jwe = sealGrant(by, bindingOf(connection, grant.clientID), grant);
    await storeGrant({ client }, { namespace, connection, jwe });
  }
}

async function publish(client: KubeClient): Promise<void> {
  const environment: Environment = 'Production';
  for (const [connection, grant] of Object.entries(sealedGrants)) {
    if (grant.kind === 'Vacant') continue;
    const { accessToken, generation } = grant;
    const { expiresAt } = accessToken;
    const values = {
      accessToken: accessToken.value,
      environment,
      baseURL: 'https://connect.squareup.com',
      merchantID: `ML${connection.toUpperCase()}`,
      ...(expiresAt !== undefined && { expiresAt }),
    };
    const spec = connection === 'bakery' ? specOfBakery.secret : undefined;
    const state = connection === 'kiosk' ? ('revoked' as const) : undefined;
    const rendered = renderTokenSecret(spec, values, { namespace, connection, generation, state });
    if (!rendered.ok) throw new Error(rendered.message);
    await publishTokenSecret({ client }, rendered.secret);
  }
}

async function signIn(client: KubeClient, ring: KeyRing): Promise<void> {
  const diner = { namespace, name: 'diner', uid: uidOf('diner') };
  const place = incomingPlace(diner, 'a state of this specimen');
  await claimSignIn(client, place, 'a-claim');
  await fillIncoming(client, ring, place, bindingOf('diner'), arrived);
  await claimSignIn(client, incomingPlace(diner, 'another state'), 'another-claim');
}

async function link(client: KubeClient, ring: KeyRing): Promise<void> {
  const diner = { namespace, name: 'diner', uid: uidOf('diner') };
  await storeConnectLink(client, diner, makeConnectLink(ring, externalURL, diner, farEnd), farEnd);
}

/** A process of another machine, which has ended. */
const owner = {
  pid: 1,
  started: '4711',
  host: 'square-operator-0',
  pod: '5bec1e55-0000-4000-8000-000000000b0d',
  boot: '5bec1e55-0000-4000-8000-00000000b007',
  among: 'pid:[4026532001]',
};

/** What the journal keeps between Square's answer and its being stored. */
const reply = {
  token_type: 'bearer',
  access_token: 'EAAASpecimenCanaryAccessMarketNext'.padEnd(64, 'x'),
  expires_at: '2126-07-01T12:00:00Z',
  merchant_id: 'MLMARKET',
  refresh_token: openToken(refresh('market-next')),
  refresh_token_expires_at: '2126-07-01T12:00:00Z',
  short_lived: false,
};

function answer(ring: KeyRing): string {
  const { connectionUID, requested, refreshToken, taken, handled, merchantID, generation } = sealedGrants.market;
  return sealIssued(ring, {
    binding: bindingOf('market'),
    connectionUID,
    grantType: 'refresh_token',
    body: secretBytes(Buffer.from(JSON.stringify(reply))),
    issuedAt: written,
    after: generation,
    attempt: attemptID,
    requested,
    ...(refreshToken && { presented: refreshToken }),
    request: '2026-07-01T11:59:00Z',
    before: { taken, handled, ...(merchantID !== undefined && { merchantID }) },
  });
}

/** What the sealed texts hold, in the clear, to be compared with what is read. */
const contents = () => ({
  grants: Object.fromEntries(Object.entries(sealedGrants).map(([name, grant]) => [name, inTheClear(grant)])),
  escrowed: inTheClear(escrowed),
  arrived: inTheClear(arrived),
  answer: reply,
  credential: openToken(refresh('corner')),
});
