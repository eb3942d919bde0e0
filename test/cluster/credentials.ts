import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The tokens that the API server knows, each of one user. */
export interface Credentials {
  readonly dir: string;
  readonly admin: string;
  readonly controllerManager: string;
  /** For `--token-auth-file`. */
  readonly tokenFile: string;
  /** The key that signs the tokens of service accounts, PEM. */
  readonly serviceAccountKey: string;
  readonly serviceAccountPublicKey: string;
}

/** Makes what is missing in the folder and keeps what is there, so that a data folder can be used again. */
export async function ensureCredentials(dir: string): Promise<Credentials> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const file = (name: string) => join(dir, name);
  const keys = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    privateKeyEncoding: { type: 'sec1', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  const token = () => randomBytes(24).toString('hex');
  // The two keys are one pair: the folder has both of them or gets both.
  if (await isNew(file('service-account.key'), keys.privateKey)) {
    await writeFile(file('service-account.pub'), keys.publicKey, { mode: 0o600 });
  }
  await isNew(
    file('tokens.csv'),
    `${token()},admin,admin,"system:masters"\n${token()},system:kube-controller-manager,kube-controller-manager\n`,
  );
  const [admin = '', controllerManager = ''] = (await readFile(file('tokens.csv'), 'utf8'))
    .split('\n')
    .map((line) => line.split(',')[0] ?? '');
  return {
    dir,
    admin,
    controllerManager,
    tokenFile: file('tokens.csv'),
    serviceAccountKey: file('service-account.key'),
    serviceAccountPublicKey: file('service-account.pub'),
  };
}

async function isNew(path: string, content: string): Promise<boolean> {
  try {
    await writeFile(path, content, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** A kubeconfig of one cluster and one user with a token. `certificateAuthority` is PEM. */
export function kubeconfigOf(server: string, certificateAuthority: string, token: string): string {
  return `apiVersion: v1
kind: Config
clusters:
- name: control-plane
  cluster:
    server: ${server}
    certificate-authority-data: ${Buffer.from(certificateAuthority).toString('base64')}
users:
- name: user
  user:
    token: ${token}
contexts:
- name: control-plane
  context:
    cluster: control-plane
    user: user
current-context: control-plane
`;
}
