import { describe, expect, test } from 'vitest';
import { minutes } from '../../../src/clock.ts';
import { secrets } from '../../../src/kube/resource.ts';
import {
  makeConnectLink,
  openConnectLink,
  projectConnectLink,
  removeConnectLink,
  storeConnectLink,
} from '../../../src/secrets/connect-link.ts';
import { createModelApiServer } from '../controller/model/api-server.ts';
import { aRing, day } from './fixtures.ts';

const bakery = { namespace: 'shop', name: 'bakery', uid: 'uid-of-the-bakery' };
const end = day + minutes(60);

function stage() {
  const server = createModelApiServer(
    () => day,
    () => {},
  );
  const client = server.client(
    async (_, act) => act(),
    () => {},
  );
  const ring = aRing();
  const make = (ref = bakery) => makeConnectLink(ring, 'https://square.example.com/', ref, end);
  const open = (url: string, now = day, ref: { namespace: string; name: string } = bakery) =>
    openConnectLink({ client, ring }, ref, new URL(url).searchParams.get('link') ?? undefined, now);
  const store = (url: string, expiresAt = end) => storeConnectLink(client, bakery, url, expiresAt);
  return { server, client, make, open, store };
}

describe('a link for a seller', () => {
  test('leads to the page of its connection', () => {
    const url = new URL(stage().make());
    expect(`${url.origin}${url.pathname}`).toBe('https://square.example.com/connect/shop/bakery');
    expect([...url.searchParams.keys()]).toEqual(['link']);
  });

  test('opens while its Secret holds it, for one hour', async () => {
    const { make, open, store } = stage();
    const url = make();
    expect(await open(url)).toEqual({ ok: false, why: 'Ended' });
    expect(await store(url)).toMatchObject({ kind: 'Stored' });
    expect(await open(url)).toEqual({ ok: true, connection: bakery, expiresAt: end, digest: expect.any(String) });
    expect(await open(url, end)).toEqual({ ok: false, why: 'Expired' });
  });

  test('is good for no other connection', async () => {
    const { make, open, store } = stage();
    const url = make();
    await store(url);
    expect(await open(url, day, { ...bakery, name: 'kiosk' })).toEqual({ ok: false, why: 'Invalid' });
    expect(await open(url, day, { ...bakery, namespace: 'other' })).toEqual({ ok: false, why: 'Invalid' });
  });

  test('ends when a newer one is made', async () => {
    const { make, open, store } = stage();
    const [older, newer] = [make(), make()];
    await store(older);
    await store(newer);
    expect(await open(older)).toEqual({ ok: false, why: 'Ended' });
    expect(await open(newer)).toMatchObject({ ok: true });
  });

  test('ends when its Secret is removed', async () => {
    const { client, make, open, store } = stage();
    const url = make();
    const outcome = await store(url);
    if (outcome.kind !== 'Stored') throw new Error(outcome.message);
    await removeConnectLink(client, bakery, projectConnectLink(outcome.object));
    expect(await open(url)).toEqual({ ok: false, why: 'Ended' });
  });

  test('of a Secret that somebody else made for it is none', async () => {
    const { server, make, open } = stage();
    const url = make();
    const metadata = { name: 'bakery-connect-link', namespace: 'shop' };
    server.put('secrets', { metadata, type: 'Opaque', data: { url: Buffer.from(url).toString('base64') } });
    expect(await open(url)).toEqual({ ok: false, why: 'Ended' });
  });

  test.each(['', 'x', 'a.b.c.d.e'])('is not the text %o, and nobody is asked about it', async (text) => {
    const get = () => Promise.reject(new Error('asked'));
    expect(await openConnectLink({ client: { get }, ring: aRing() }, bakery, text, day)).toEqual({
      ok: false,
      why: 'Invalid',
    });
  });
});

describe('the Secret of a link', () => {
  test('goes with its connection, and says when it ends', async () => {
    const { server, make, store } = stage();
    await store(make());
    const secret = server.find('secrets', 'bakery-connect-link');
    expect(secret?.metadata.ownerReferences).toEqual([
      {
        apiVersion: 'square-operator.dev/v1alpha1',
        kind: 'SquareConnection',
        name: 'bakery',
        uid: bakery.uid,
      },
    ]);
    expect(secret && projectConnectLink(secret)).toMatchObject({ owner: bakery.uid, expiresAt: end });
  });

  test('that belongs to somebody else is left as it is', async () => {
    const { server, client, make, store } = stage();
    const theirs = { metadata: { name: 'bakery-connect-link', namespace: 'shop' }, type: 'Opaque' };
    server.put('secrets', theirs);
    expect(await store(make())).toMatchObject({ kind: 'NotOwned' });
    expect(await client.get(secrets, 'shop', 'bakery-connect-link')).toMatchObject(theirs);
  });

  test('without a time that can be read has ended', () => {
    expect(projectConnectLink({ metadata: { name: 'bakery-connect-link' } }).expiresAt).toBe(0);
  });
});
