import { readFile } from 'node:fs/promises';
import { type Environment, environments } from '../../api/connection.ts';
import { sealedSuffix, sealingKeyConfigMap, squareApplications } from '../../api/names.ts';
import { parseApplication } from '../../api/parse.ts';
import { cleanCredential, type Token } from '../../domain/token.ts';
import { configMaps } from '../../kube/resource.ts';
import { publicKeyField, readPublicKey, sealCredential } from '../../secrets/seal-credential.ts';
import { type Cluster, openCluster } from '../cluster.ts';
import { Ending } from '../exit.ts';
import type { GlobalOptions } from '../options.ts';
import { plainName } from '../select.ts';
import { readSecretValue } from '../stdin.ts';
import { type Call, verb } from '../verb.ts';

interface Options {
  readonly application?: string;
  readonly clientId?: string;
  readonly environment?: string;
  readonly personal?: boolean;
  readonly publicKey?: string;
}

/** The connection's binding: all that the sealed text names, and the only place where it opens. */
interface Place {
  readonly environment: Environment;
  readonly clientID: string;
}

type PublicKey = Parameters<typeof sealCredential>[0];

export const seal = verb<Options>({
  name: 'seal',
  says: 'Seal a credential offline, for one connection alone.',
  explains:
    'Reads a refresh token, legacy token or personal access token from standard input and prints it sealed to the operator’s public key: a JWE for spec.credential.refreshToken.sealed (or migrationToken, personalAccessToken), which may go through Git. It opens for this connection and this application alone. The public key comes from the ConfigMap square-operator-sealing-key, which everybody who is logged in may read, or from a file. With --public-key, --client-id and --environment no cluster is asked, and -n is required.',
  argument: {
    syntax: '<CONNECTION>',
    says: 'The connection it is for; it need not exist yet.',
    completes: 'connection',
  },
  options: [
    {
      flags: '--application <name>',
      says: 'The SquareApplication, as NAME or NAMESPACE/NAME: its client ID and environment are looked up.',
      completes: 'application',
    },
    { flags: '--client-id <id>', says: 'The Square application ID, in the place of --application.' },
    { flags: '--environment <name>', says: 'Where the credential is good.', choices: environments },
    { flags: '--personal', says: 'It is a personal access token, which belongs to no application.' },
    {
      flags: '--public-key <file>',
      says: 'The public key as a JWK file, in the place of the ConfigMap.',
      completes: 'file',
    },
  ],
  examples: [
    {
      says: 'Seal what a password manager prints',
      command: 'pass square/bakery | kubectl square seal bakery -n shop --application pos',
    },
    {
      says: 'Away from the cluster',
      command:
        'kubectl square seal bakery -n shop --client-id sq0idp-… --environment Production --public-key key.json < token',
    },
    {
      says: 'A personal access token',
      command: 'kubectl square seal bakery -n shop --personal --environment Sandbox < token',
    },
  ],
  async run(call) {
    const { options, screen } = call;
    checkOptions(options);
    const name = connectionName(call.names[0] ?? '');
    const offline = options.publicKey !== undefined && options.application === undefined;
    if (offline && options.namespace === undefined) {
      throw new Ending(
        'usage',
        'Write -n NAMESPACE, too: the text opens in this namespace alone, and no cluster is asked for one.',
      );
    }
    const cluster = offline ? undefined : await openCluster(options, call.clock);
    try {
      const namespace = cluster?.namespace ?? options.namespace ?? '';
      // All that can be wrong before the value is read, so that nobody has to give it twice.
      const [{ key, from }, place] = await Promise.all([publicKey(options, cluster), placeOf(options, cluster)]);
      const value = await credential(call, `${namespace}/${name}`);
      screen.out(await sealCredential(key, { namespace, name, ...place }, value));
      const whose = place.clientID === '' ? 'a personal access token' : `application ${place.clientID}`;
      screen.note(`Sealed for ${namespace}/${name}, ${whose}, ${place.environment}, by key ${key.kid} (${from}).`);
      return 'ok';
    } finally {
      await cluster?.close();
    }
  },
});

function checkOptions({ application, clientId, environment, personal, namespace }: Options & GlobalOptions): void {
  const ways = [application, clientId, personal].filter((one) => one !== undefined).length;
  if (ways !== 1) {
    throw new Ending(
      'usage',
      'Write one of --application NAME, --client-id ID (with --environment) and --personal (with --environment).',
    );
  }
  if (application === undefined && environment === undefined) {
    throw new Ending('usage', `Write --environment ${environments.join(' or ')}, too: no application tells it.`);
  }
  if (application !== undefined && environment !== undefined) {
    throw new Ending('usage', 'Leave --environment out: the application tells it.');
  }
  if (application !== undefined && !/^([^/]+\/)?[^/]+$/.test(application)) {
    throw new Ending('usage', '--application: write it as NAME or NAMESPACE/NAME.');
  }
  if (clientId !== undefined && !/^[!-~]{1,191}$/.test(clientId)) {
    throw new Ending('usage', '--client-id: write the application ID as the Square Developer Console shows it.');
  }
  if (namespace !== undefined && !/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(namespace)) {
    throw new Ending('usage', `"${namespace}" cannot be the name of a namespace.`);
  }
}

function connectionName(text: string): string {
  const name = plainName(text);
  const fits = /^[a-z0-9]([-a-z0-9.]{0,61}[a-z0-9])?$/.test(name) && !name.endsWith(sealedSuffix);
  if (!fits) throw new Ending('usage', `"${name}" cannot be the name of a SquareConnection.`);
  return name;
}

async function placeOf(
  options: Options & { readonly namespace?: string },
  cluster: Cluster | undefined,
): Promise<Place> {
  const environment = environments.find((one) => one === options.environment) ?? 'Production';
  if (options.application === undefined || cluster === undefined)
    return { environment, clientID: options.clientId ?? '' };
  const [name = '', namespace = cluster.namespace] = options.application.split('/').toReversed();
  const object = await cluster.client.get(squareApplications, namespace, name);
  if (object === undefined) throw new Ending('notFound', `SquareApplication ${namespace}/${name} does not exist.`);
  const read = parseApplication(object);
  if (!read.ok) throw new Ending('error', `SquareApplication ${namespace}/${name}: ${read.problems.join('; ')}`);
  return { environment: read.value.spec.environment, clientID: read.value.spec.clientID };
}

async function publicKey(
  options: Options & { readonly operatorNamespace: string },
  cluster: Cluster | undefined,
): Promise<{ key: PublicKey; from: string }> {
  const file = options.publicKey;
  if (file !== undefined) {
    const text = await readFile(file, 'utf8').catch((error: Error) => {
      throw new Ending('error', `--public-key: ${error.message}`);
    });
    return { key: keyIn(text, file), from: file };
  }
  const namespace = options.operatorNamespace;
  const where = `ConfigMap ${namespace}/${sealingKeyConfigMap}`;
  const found = await cluster?.client.get(configMaps, namespace, sealingKeyConfigMap);
  if (found === undefined) {
    throw new Ending(
      'notFound',
      `${where} does not exist: the operator makes it at its first start. Does it run in ${namespace} (--operator-namespace)?`,
    );
  }
  const data = (found['data'] ?? {}) as Readonly<Record<string, string>>;
  return { key: keyIn(data[publicKeyField] ?? '', where), from: where };
}

function keyIn(text: string, where: string): PublicKey {
  const key = readPublicKey(text);
  if (key !== undefined) return key;
  throw new Ending(
    'error',
    `${where} holds no public sealing key: it is a JWK with kty EC, crv P-256, x, y, kid, alg and use, and no private part.`,
  );
}

async function credential({ stdin, screen, signal }: Call, place: string): Promise<Token> {
  const { text, asked } = await readSecretValue(stdin, screen, `Credential of ${place} (it does not show): `, signal);
  const read = cleanCredential(text);
  if (!read.ok) throw new Ending('error', `The value on standard input ${read.why}.`);
  if (!asked && text.replace(/\r?\n$/, '') !== text.trim()) screen.note('Space around the value was taken off.');
  return read.value;
}
