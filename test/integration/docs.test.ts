import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseKey } from '../../src/secrets/key-material.ts';
import { findKubectl } from '../cluster/kubectl.ts';
import { runDir } from '../cluster/temp-dir.ts';
import { kubeconfig } from '../support/cluster.ts';
import { commandsOf, pagesWithCommands, runBlock } from '../support/documented.ts';
import { aConnection, anApplication, aSecret, textsOf } from '../support/objects.ts';
import { installPlugin, type Plugin } from '../support/plugin.ts';
import { operatorSuite } from '../support/suite.ts';
import { furnishWorkstation } from '../support/workstation.ts';

/** What a page takes for granted. */
interface Given {
  /** Where its commands are run. */
  readonly dir: string;
  /** In the place of `/usr/local/bin`. */
  readonly bin: string;
  /** In the place of `shop`. */
  readonly namespace: string;
  readonly clientID: string;
  readonly clientSecret: string;
  readonly refreshToken: string;
}

const stories = [
  'README.md',
  ...['quick-start', 'migrating', 'backup-and-restore', 'gitops', 'upgrading'].map((name) => `docs/${name}.md`),
];
/** What can be done to any connection, one page after the other; the last ends its authorization. */
const onOneConnection = [
  ...pagesWithCommands().filter((page) => dirname(page) === 'docs/runbooks'),
  ...['kubectl-square', 'signing-in', 'sealing-a-credential', 'webhooks', 'sealing-keys'].map(
    (one) => `docs/${one}.md`,
  ),
  'docs/ending-an-authorization.md',
];
const pages = [...stories, ...onOneConnection];
const short = (page: string) => basename(page, '.md').toLowerCase();
/** Seals everything until the page about the keys has retired it. */
const firstKey = 'square-operator-sealing-key-1';
/** Where all of the latter are run. */
const shared = 'one-connection';

operatorSuite(
  'commands of the docs',
  { namespaces: Object.fromEntries([...stories.map(short), shared].map((name) => [name, {}])), web: 'http' },
  (world, scene) => {
    let plugin: Plugin;
    let kubectl: string;
    const dirs: string[] = [];
    beforeAll(async () => {
      plugin = await installPlugin();
      kubectl = dirname(await findKubectl({ line() {}, progress() {} }));
    });
    afterAll(async () => {
      await plugin?.remove();
      await Promise.all(dirs.map((dir) => rm(dir, { recursive: true })));
    });

    /** A namespace, an application at Square, and a seller who has allowed it; the tokens lie in files. */
    async function given(place: string): Promise<Given> {
      const dir = await runDir();
      dirs.push(dir);
      const { clientID, clientSecret } = world.square.addApplication();
      const { merchantID } = world.square.addSeller({ businessName: 'Bakery' });
      const refreshToken = world.square.grant({ clientID, merchantID }).refreshToken.value;
      await writeFile(join(dir, 'client-secret'), clientSecret);
      await writeFile(join(dir, 'refresh-token'), refreshToken);
      await writeFile(join(dir, 'signature-key.txt'), 'a-signature-key-of-square');
      return {
        dir,
        bin: await furnishWorkstation(dir),
        namespace: world.others[short(place)] ?? '',
        clientID,
        clientSecret,
        refreshToken,
      };
    }
    async function givenApplication({ namespace, clientID, clientSecret }: Given): Promise<void> {
      await scene.create('secrets', aSecret(namespace, 'square-app', { 'client-secret': clientSecret }));
      const clientSecretRef = { name: 'square-app', key: 'client-secret' };
      await scene.create('applications', anApplication(namespace, 'pos', { clientID, clientSecretRef }));
    }

    /** A connection that holds the grant of a token that was given. */
    async function givenConnection(all: Given): Promise<void> {
      const { namespace, refreshToken } = all;
      await givenApplication(all);
      await scene.create('secrets', aSecret(namespace, 'bakery-token', { 'refresh-token': refreshToken }));
      const credential = { refreshToken: { secretRef: { name: 'bakery-token', key: 'refresh-token' } } };
      await scene.create(
        'connections',
        aConnection(namespace, 'bakery', { applicationRef: { name: 'pos' }, credential }),
      );
      await scene.becomes('bakery', { Ready: 'True/Valid' }, namespace);
    }

    /** The blocks of the page, or the first of them, with the names of this world in the place of those of the page. */
    async function run(page: string, { dir, bin, namespace, clientID }: Given, first = Infinity): Promise<string> {
      const env = {
        PATH: [bin, plugin.dir, dirname(process.execPath), kubectl, process.env['PATH']].join(':'),
        HOME: dir,
        KUBECONFIG: kubeconfig(),
      };
      let said = '';
      for (const block of commandsOf(page).slice(0, first)) {
        const here = block
          .replaceAll(/-n square-operator(?=\s|$)/g, `-n ${world.operatorNamespace}`)
          .replaceAll('serviceaccount:square-operator:', `serviceaccount:${world.operatorNamespace}:`)
          // Of the same cluster others are tested at the same time.
          .replaceAll(/(kubectl (?:square|get) [^\n]*) -A\b/g, '$1 -n shop')
          .replaceAll(/(kubectl square [a-z]+)/g, `$1 --operator-namespace ${world.operatorNamespace}`)
          .replaceAll(/(-n |namespace: )shop\b/g, `$1${namespace}`)
          // What it finds wrong of a cluster without pods is another test's.
          .replaceAll(/kubectl square doctor.*$/gm, '{ $& || test $? = 1; }')
          // Of the keys that are there it says so, and ends with 1.
          .replaceAll(/kubectl create -f sealing-keys\.yaml$/gm, '{ $& || test $? = 1; }')
          .replaceAll('kubectl create namespace shop', `kubectl get namespace ${namespace}`)
          .replaceAll('/usr/local/bin', bin)
          .replaceAll('sq0idp-your-application-id', clientID);
        const restores = block.includes('create -f sealing-keys.yaml');
        if (restores) await loseKey(namespace);
        const ran = await runBlock(here, dir, env);
        expect(ran.code, `${here}\n${ran.said}`).toBe(0);
        if (restores) {
          expect(ran.said).toContain(`secret/${firstKey} created`);
          await scene.becomes('bakery', { Ready: 'True/Valid' }, namespace);
        }
        said += ran.said;
      }
      return said;
    }

    /** What comes before a key is restored: it is not there any more, and the connection under it says so. */
    async function loseKey(namespace: string): Promise<void> {
      if (world.live.get('secrets', world.operatorNamespace, firstKey) === undefined) return;
      const sealedBy = world.live.get('connections', namespace, 'bakery')?.status?.sealingKeyID;
      const { key } = parseKey(keyText(), firstKey);
      await scene.remove('secrets', firstKey, world.operatorNamespace);
      expect(sealedBy).toBe(key.id);
      await scene.becomes('bakery', { Ready: 'False/GrantUnreadable' }, namespace);
    }
    const keyText = () => textsOf(world.live.get('secrets', world.operatorNamespace, firstKey) ?? {})['key.json'] ?? '';

    test('every page that has some is run', () => {
      expect(pagesWithCommands().sort()).toEqual([...pages].sort());
      expect(pages.flatMap((page) => commandsOf(page)).length).toBeGreaterThan(60);
    });

    test('README', async () => {
      const all = await given('README.md');
      expect(await run('README.md', all)).toContain('squareconnection.square-operator.dev/bakery condition met');
      await scene.becomes('bakery', { Ready: 'False/Disconnected' }, all.namespace);
    }, 180_000);

    test('quick start', async () => {
      const all = await given('docs/quick-start.md');
      const said = await run('docs/quick-start.md', all);
      expect(said).toContain('squareconnection.square-operator.dev/bakery condition met');
      const [, ...refreshed] = world.square.ledger.tokenRequests({ clientID: all.clientID });
      expect(refreshed.map(({ outcome }) => outcome)).toEqual(['issued']);
    }, 180_000);

    test('migrating', async () => {
      const all = await given('docs/migrating.md');
      await givenApplication(all);
      await world.api.ask('POST', `/api/v1/namespaces/${all.namespace}/secrets`, {
        body: {
          metadata: { name: 'square-bakery' },
          stringData: { SQUARE_TOKEN: 'old', SQUARE_REFRESH: all.refreshToken },
        },
      });
      await mkdir(join(all.dir, 'refresh-tokens'));
      const { clientID } = all;
      for (const name of ['cafe', 'deli']) {
        const { merchantID } = world.square.addSeller({ businessName: name });
        const { value } = world.square.grant({ clientID, merchantID }).refreshToken;
        await writeFile(join(all.dir, 'refresh-tokens', name), value);
      }
      expect(await run('docs/migrating.md', all)).toContain('bakery');
      for (const name of ['cafe', 'deli']) await scene.becomes(name, { Ready: 'True/Valid' }, all.namespace);
      expect(world.live.get('secrets', all.namespace, 'square-bakery')).toBeUndefined();
    }, 180_000);

    test('backup and restore', async () => {
      const all = await given('docs/backup-and-restore.md');
      await givenConnection(all);
      await scene.remove('secrets', 'bakery-token', all.namespace);
      expect(await run('docs/backup-and-restore.md', all)).toContain('RetainedGrantFound');
      // The grant is the one that was there: Square was asked for none.
      expect(world.square.ledger.tokenRequests({ clientID: all.clientID })).toHaveLength(1);
      await scene.becomes('bakery', { Ready: 'True/Valid' }, all.namespace);
    }, 180_000);

    test('upgrading', async () => {
      const all = await given('docs/upgrading.md');
      await givenConnection(all);
      expect(await run('docs/upgrading.md', all)).toMatch(
        /written by a later version .*format 999.*run that version again/,
      );
      await scene.becomes('bakery', { Ready: 'True/Valid' }, all.namespace);
      expect(world.square.ledger.tokenRequests({ clientID: all.clientID })).toHaveLength(1);
    }, 180_000);

    test('GitOps', async () => {
      const all = await given('docs/gitops.md');
      await givenApplication(all);
      await run('docs/gitops.md', all);
      await scene.becomes('bakery', { Ready: 'True/Valid' }, all.namespace);
    }, 180_000);

    let one: Given;
    test('what the runbooks and the pages about parts are run on', async () => {
      one = await given(shared);
      await writeFile(join(one.dir, 'token'), one.refreshToken);
      await givenConnection(one);
      const path = `/apis/square-operator.dev/v1alpha1/namespaces/${one.namespace}/squareconnections/bakery`;
      const body = { metadata: { labels: { app: 'pos' } } };
      await world.api.ask('PATCH', path, { body, contentType: 'application/merge-patch+json' });
      // A key in a file, as the page about them has it, and the copy of all that it tells to make.
      await writeFile(join(one.dir, 'first.json'), keyText());
      await run('docs/sealing-keys.md', one, 1);
    }, 60_000);

    test.each(onOneConnection)(
      '%s',
      async (page) => {
        await run(page, one);
        if (page !== 'docs/signing-in.md') return;
        const links = await readFile(join(one.dir, 'links.txt'), 'utf8');
        expect(links).toMatch(/^bakery https?:\/\/\S+\n$/);
      },
      180_000,
    );

    test('of which one has made a sealing key that the operator takes, and that knows the credentials of the first', async () => {
      const read = async (name: string) => parseKey(await readFile(join(one.dir, name), 'utf8'), name);
      const [first, second, copied] = [await read('first.json'), await read('second.json'), await read('copied.json')];
      expect(second.key.id).not.toBe(first.key.id);
      expect(second.digestKey.equals(first.digestKey)).toBe(true);
      expect(copied.digestKey.equals(first.digestKey)).toBe(true);
    });

    test('of which the last has ended the authorization', async () => {
      await scene.becomes('bakery', { Ready: 'False/Disconnected' }, one.namespace);
    }, 60_000);
  },
);
