/** Names that users, charts and other programs rely on. */
export const group = 'square-operator.dev';
export const version = 'v1alpha1';
export const apiVersion = `${group}/${version}`;

export const squareConnections = {
  group,
  version,
  plural: 'squareconnections',
  kind: 'SquareConnection',
  namespaced: true,
} as const;

export const squareApplications = {
  group,
  version,
  plural: 'squareapplications',
  kind: 'SquareApplication',
  namespaced: true,
} as const;

/** The name of the Lease in the operator's namespace. */
export const leaseName = 'square-operator';

/** Who writes: the field manager of every write and the reporter of every event. */
export const fieldManager = 'square-operator';

export const annotations = {
  refreshRequestedAt: `${group}/refresh-requested-at`,
  disconnectRequestedAt: `${group}/disconnect-requested-at`,
  connectRequestedAt: `${group}/connect-requested-at`,
  adoptRequestedAt: `${group}/adopt-requested-at`,
  /** On a connection under `deletionPolicy: Revoke`: `true` ends the authorization although other connections use it. */
  revokeAll: `${group}/revoke-all`,
  /** On a connection: the revocations of its authorization that Square has reported, as `revocation-report.ts` says. */
  revocationReported: `${group}/revocation-reported`,
  /** On a token Secret: the connection that it belongs to. */
  connection: `${group}/connection`,
  /** On a token Secret: the generation of the grant that it holds. */
  revision: `${group}/revision`,
  /** On a token Secret whose token no longer works: `revoked`, `expired` or `orphaned`. */
  state: `${group}/state`,
  /** On the Secret of a sign-in: which attempt has claimed it. */
  claim: `${group}/claim`,
  /** On a Secret like that of a sign-in: with the value `true`, that it holds what a credential of another seller gave. */
  setAside: `${group}/set-aside`,
  /** On the Secret of a connect link: when the link ends (RFC 3339). */
  expiresAt: `${group}/expires-at`,
  /** On a workload, by its owner: with the value `true`, its consent to being restarted when a token changes. */
  allowRestart: `${group}/allow-restart`,
  /** On the Secret of a retired sealing key: how many sealed records need it still. */
  records: `${group}/records`,
  /** On the Secret of a retired sealing key: `true` once nothing needs it. */
  removable: `${group}/removable`,
} as const;

/** The annotation of a pod template that tells for which token of a connection it was restarted last, by its issue time. */
export const restartedFor = (connection: string): string => `restarted-for.${group}/${connection}`;

export const labels = {
  managedBy: 'app.kubernetes.io/managed-by',
  /** On the Secret of a sealing key: its ID. */
  sealingKey: `${group}/sealing-key`,
  /** On the Secret of a sealing key: `active` or `retired`; goes before what the key itself says. */
  sealingKeyState: `${group}/sealing-key-state`,
} as const;

/** The value of {@link labels.managedBy} on every token Secret. */
export const managedBy = 'square-operator';

export const secretTypes = {
  /** Given by users. The type is their consent to its being read. */
  credential: `${group}/credential`,
  sealedGrant: `${group}/sealed-grant`,
  sealingKey: `${group}/sealing-key`,
  /** In the operator's namespace: a record whose own place refuses it. */
  escrow: `${group}/escrow`,
  /** What a sign-in gave, until the controller takes it up. */
  incomingGrant: `${group}/incoming-grant`,
  /** The link by which a seller may sign in. */
  connectLink: `${group}/connect-link`,
} as const;

/** The key of a sealed grant Secret that holds the record. */
export const grantKey = 'grant.jwe';

/** The finalizer under `deletionPolicy: Revoke`. */
export const finalizer = `${group}/connection`;

export const sealedSuffix = '-sealed';
export const sealedSecretName = (connection: string): string => `${connection}${sealedSuffix}`;

/** The Secret of one sign-in; `digest` in hexadecimal. */
export const incomingSecretName = (connection: string, digest: string): string => `${connection}-incoming-${digest}`;

const incomingName = /^(.+)-incoming-[0-9a-f]{32}$/;
export const connectionOfIncomingSecret = (secret: string): string | undefined => incomingName.exec(secret)?.[1];

/** The key of the Secret of a connect link that holds the link. */
export const linkKey = 'url';

export const connectLinkSuffix = '-connect-link';
export const connectLinkSecretName = (connection: string): string => `${connection}${connectLinkSuffix}`;

export const connectionOfConnectLink = (secret: string): string | undefined =>
  secret.endsWith(connectLinkSuffix) ? secret.slice(0, -connectLinkSuffix.length) : undefined;

/** The page on which the seller of a connection signs in, by itself without authority. */
export const connectPage = (externalURL: string, namespace: string, name: string): string =>
  `${externalURL.replace(/\/$/, '')}/connect/${namespace}/${name}`;

/** In the operator's namespace, by the UID of the connection; `incoming`: the Secret of a sign-in that it stands for. */
export const escrowSecretName = (uid: string, incoming?: string): string =>
  incoming === undefined ? `escrow-${uid}` : `escrow-${uid}-incoming-${incoming.slice(-32)}`;

/** Whether what lies there in escrow belongs into the Secret of a sign-in. */
export const isIncomingEscrow = (secret: string): boolean => incomingName.test(secret);

export const connectionOfSealedSecret = (secret: string): string | undefined =>
  secret.endsWith(sealedSuffix) ? secret.slice(0, -sealedSuffix.length) : undefined;

/** The ConfigMap of the operator's namespace with the public half of the active sealing key. */
export const sealingKeyConfigMap = 'square-operator-sealing-key';
