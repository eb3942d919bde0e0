import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseApplication, parseConnection } from '../../../src/api/parse.ts';
import { projectApplication, projectConnection } from '../../../src/controller/projections.ts';
import type { Grant, Vacant } from '../../../src/domain/grant.ts';
import { tokenSecretStates } from '../../../src/domain/observation.ts';
import { openToken } from '../../../src/domain/token.ts';
import { silentLog } from '../../../src/kube/log.ts';
import type { KubeObject } from '../../../src/kube/resource.ts';
import { openConnectLink, projectConnectLink } from '../../../src/secrets/connect-link.ts';
import { openCredential } from '../../../src/secrets/credential.ts';
import { openEscrow, projectEscrow } from '../../../src/secrets/escrow.ts';
import { openGrant } from '../../../src/secrets/grant.ts';
import { projectGrantSecret } from '../../../src/secrets/grant-secret.ts';
import { openIncoming, projectIncoming } from '../../../src/secrets/incoming.ts';
import { ownerFile, pagesIn, warnOfUnread } from '../../../src/secrets/journal-entries.ts';
import { parseOwner, stateOf } from '../../../src/secrets/journal-owner.ts';
import { openIssued } from '../../../src/secrets/journal-record.ts';
import type { Opened } from '../../../src/secrets/port.ts';
import { createDigestKey, expectedDigest, projectTokenSecret } from '../../../src/secrets/project-token-secret.ts';
import { publishedKeyID } from '../../../src/secrets/public-key.ts';
import { renderTokenSecret } from '../../../src/secrets/render-token-secret.ts';
import { parseTokenReply } from '../../../src/square/token-reply.ts';
import { version } from '../../../src/version.ts';
import { bindingOf, externalURL, farEnd, holder, namespace, refresh, written } from '../../formats/grants.ts';
import { readRelease, releasesWithSpecimens } from '../../formats/read.ts';
import { makeSpecimens } from '../../formats/specimens.ts';
import { inTheClear } from '../../support/in-the-clear.ts';

interface Contents {
  readonly grants: Readonly<Record<string, { readonly clientID: string; readonly accessToken?: { value: string } }>>;
  readonly escrowed: object;
  readonly arrived: object;
  readonly answer: { readonly access_token: string; readonly refresh_token: string };
  readonly credential: string;
}

const valueOf = <T>(opened: Opened<T>): T => {
  if (!opened.ok) throw new Error(opened.message);
  return opened.value;
};

test('this version has left its specimens', () => {
  expect(releasesWithSpecimens()).toContain(version);
});

describe.each(releasesWithSpecimens())('what %s stored is read:', (release) => {
  const { dir, objects, text, ring } = readRelease(release);
  const contents = JSON.parse(text('contents.json')) as Contents;
  const keys = ring();
  const clear = (opened: Opened<Grant | Vacant>) => inTheClear(valueOf(opened));
  const client = (found: readonly KubeObject[]) =>
    ({
      list: async () => ({ items: found, resourceVersion: '1' }),
      get: async (_: unknown, __: unknown, name: string) => found.find(({ metadata }) => metadata.name === name),
    }) as never;

  test('sealing keys, the retired one among them, and the public one', async () => {
    const [first, second] = keys.ids();
    expect(keys.active.id).toBe(second);
    expect(keys.find(first ?? '')?.state).toBe('Retired');
    const operatorNamespace = 'square-operator';
    const published = await publishedKeyID({
      client: client(objects('sealing-keys.yaml')),
      namespace: operatorNamespace,
    });
    expect(published).toBe(second);
  });

  test.each(objects('sealed-grants.yaml').map((secret) => [secret.metadata.name, secret] as const))(
    'the sealed grant %s',
    (name, secret) => {
      const connection = name.slice(0, -'-sealed'.length);
      const expected = contents.grants[connection];
      const { jwe = '' } = projectGrantSecret(secret);
      expect(clear(openGrant(keys, bindingOf(connection, expected?.clientID), jwe))).toEqual(expected);
    },
  );

  test('a grant in escrow', () => {
    const [secret] = objects('escrow.yaml');
    if (secret === undefined) throw new Error('there is none');
    const found = openEscrow(keys, secret.metadata.name, projectEscrow(secret));
    expect(found.binding).toEqual(bindingOf('cafe'));
    expect(clear(found.grant)).toEqual(contents.escrowed);
  });

  test('sign-ins: one with its grant, and a claim', () => {
    const [filled, claim] = objects('sign-ins.yaml').map(projectIncoming);
    expect(clear(openIncoming(keys, bindingOf('diner'), filled?.jwe ?? ''))).toEqual(contents.arrived);
    expect(claim).not.toHaveProperty('jwe');
  });

  test('a connect link, whose authority lasts', async () => {
    const [secret] = objects('connect-links.yaml');
    if (secret === undefined) throw new Error('there is no link');
    expect(projectConnectLink(secret)).toMatchObject({ expiresAt: farEnd });
    const url = Buffer.from((secret['data'] as { url: string }).url, 'base64').toString();
    expect(url).toMatch(new RegExp(`^${externalURL}/connect/${namespace}/diner\\?link=`));
    const value = new URL(url).searchParams.get('link') ?? undefined;
    const deps = { client: client([secret]), ring: keys };
    expect(await openConnectLink(deps, { namespace, name: 'diner' }, value, written)).toMatchObject({ ok: true });
  });

  test('an answer of Square in the journal, and whose it is', async () => {
    const { entries } = await pagesIn(join(dir, 'journal', holder), warnOfUnread(silentLog));
    const [entry] = entries;
    const { body, ...issued } = valueOf(openIssued(keys, entry?.text ?? ''));
    expect(issued).toMatchObject({ binding: bindingOf('market'), after: 3, before: { merchantID: 'MLMARKET' } });
    const parsed = parseTokenReply({ grantType: issued.grantType, body, at: issued.issuedAt });
    expect(parsed.ok && openToken(parsed.value.accessToken)).toBe(contents.answer.access_token);
    const owner = parseOwner(text(`journal/${holder}/${ownerFile}`));
    expect(owner).toMatchObject({ pid: 1, host: 'square-operator-0' });
    expect(await stateOf(owner)).toBe('Elsewhere');
  });

  test('a credential that was sealed offline', async () => {
    const corner = objects('connections.yaml').find(({ metadata }) => metadata.name === 'corner');
    const spec = corner?.['spec'] as { credential: { refreshToken: { sealed: string } } } | undefined;
    const sealed = spec?.credential.refreshToken.sealed ?? '';
    const value = valueOf(await openCredential(keys, bindingOf('corner'), sealed));
    expect(openToken(value)).toBe(contents.credential);
    expect(contents.credential).toBe(openToken(refresh('corner')));
  });

  test.each(objects('connections.yaml').map((object) => [object.metadata.name, object] as const))(
    'the connection %s',
    (_, object) => {
      const complete = withServerFields(object);
      expect(parseConnection(complete)).toMatchObject({ ok: true, value: { status: object['status'] } });
      const { stored, connection } = projectConnection(complete);
      expect(connection.spec).toEqual({ ok: true, value: object['spec'] });
      expect(stored.revision).toBe((object['status'] as { revision?: number }).revision ?? 0);
    },
  );

  test.each(objects('applications.yaml').map((object) => [object.metadata.name, object] as const))(
    'the application %s',
    (_, object) => {
      const complete = withServerFields(object);
      expect(parseApplication(complete)).toMatchObject({ ok: true, value: { status: object['status'] } });
      expect(projectApplication(complete).spec).toEqual(object['spec']);
    },
  );

  test.each(objects('token-secrets.yaml').map((secret) => [secret.metadata.name, secret] as const))(
    'the Secret for workloads %s, and nothing in it would be written otherwise',
    (_, secret) => {
      const digestKey = createDigestKey();
      const seen = projectTokenSecret(secret, digestKey);
      const connection = seen.connection ?? '';
      const spec = objects('connections.yaml').find(({ metadata }) => metadata.name === connection)?.['spec'] as
        | { secret?: Parameters<typeof renderTokenSecret>[0] }
        | undefined;
      const grant = contents.grants[connection];
      const opened = openGrant(
        keys,
        bindingOf(connection, grant?.clientID),
        jweOf(objects('sealed-grants.yaml'), connection),
      );
      const held = valueOf(opened);
      if (held.kind === 'Vacant') throw new Error('it holds no grant');
      const { expiresAt } = held.accessToken;
      const values = {
        accessToken: held.accessToken.value,
        environment: 'Production' as const,
        baseURL: 'https://connect.squareup.com',
        merchantID: `ML${connection.toUpperCase()}`,
        ...(expiresAt !== undefined && { expiresAt }),
      };
      const rendered = renderTokenSecret(spec?.secret, values, {
        namespace,
        connection,
        generation: held.generation,
        state: tokenSecretStates.find((state) => state === seen.state),
      });
      expect(seen.managed).toBe(true);
      expect(rendered.ok && expectedDigest(rendered.secret, digestKey)).toBe(seen.digest);
    },
  );
});

const jweOf = (secrets: readonly KubeObject[], connection: string): string => {
  const secret = secrets.find(({ metadata }) => metadata.name === `${connection}-sealed`);
  return (secret && projectGrantSecret(secret).jwe) ?? '';
};

const withServerFields = (object: KubeObject): KubeObject => ({
  ...object,
  metadata: { ...object.metadata, resourceVersion: '1', creationTimestamp: '2026-07-01T12:00:00Z' },
});

describe('the writer of specimens', () => {
  test('writes what the specimens of this version are, but for what is random', async () => {
    const { text } = readRelease(version);
    const made = await makeSpecimens();
    for (const path of ['contents.json', 'applications.yaml', 'token-secrets.yaml']) {
      expect(made.get(path), `${path}: what is stored has changed since the release: raise the version`).toBe(
        text(path),
      );
    }
  });

  test('writes over nothing that is there', () => {
    const main = resolve(import.meta.dirname, '../../formats/main.ts');
    const cwd = mkdtempSync(join(tmpdir(), 'square-operator-formats-'));
    const { status, stderr } = spawnSync(process.execPath, [main], { cwd, encoding: 'utf8' });
    rmSync(cwd, { recursive: true });
    expect([status, stderr]).toEqual([1, expect.stringMatching(/is there\. Specimens of a release are not changed/)]);
    expect(existsSync(`${readRelease(version).dir}.draft`)).toBe(false);
  });
});
