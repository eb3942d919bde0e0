import { join } from 'node:path';
import type { Program } from './child.ts';
import type { Credentials } from './credentials.ts';

/** Paths of the programs of a control plane. */
export interface Binaries {
  readonly etcd: string;
  readonly apiServer: string;
  /** Without it no namespace is ever emptied and no ServiceAccount made, as in the usual `KUBEBUILDER_ASSETS`. */
  readonly controllerManager?: string;
}

export interface Layout {
  readonly binaries: Binaries;
  /** Where the programs keep what is theirs. */
  readonly state: string;
  readonly credentials: Credentials;
  readonly etcdPort: number;
  readonly apiPort: number;
  readonly apiServerArgs: readonly string[];
  readonly controllers: readonly string[];
}

export function etcd({ binaries, state, etcdPort }: Layout): Program {
  const url = `http://127.0.0.1:${etcdPort}`;
  return {
    name: 'etcd',
    path: binaries.etcd,
    logFile: join(state, 'etcd.log'),
    args: [
      `--data-dir=${join(state, 'etcd')}`,
      `--listen-client-urls=${url}`,
      `--advertise-client-urls=${url}`,
      '--listen-peer-urls=http://127.0.0.1:0',
      // The data are thrown away with the control plane, and waiting for the disk is most of the time of a write.
      '--unsafe-no-fsync',
      '--log-level=warn',
    ],
  };
}

export const issuer = 'https://kubernetes.default.svc.cluster.local';

export function apiServer({ binaries, state, credentials, etcdPort, apiPort, apiServerArgs }: Layout): Program {
  return {
    name: 'kube-apiserver',
    path: binaries.apiServer,
    logFile: join(state, 'kube-apiserver.log'),
    args: [
      `--etcd-servers=http://127.0.0.1:${etcdPort}`,
      '--bind-address=127.0.0.1',
      `--secure-port=${apiPort}`,
      // No Endpoints of `kubernetes.default`: a loopback address is not allowed in there.
      '--advertise-address=127.0.0.1',
      '--endpoint-reconciler-type=none',
      `--cert-dir=${join(state, 'certificates')}`,
      '--authorization-mode=Node,RBAC',
      `--token-auth-file=${credentials.tokenFile}`,
      `--service-account-issuer=${issuer}`,
      `--service-account-key-file=${credentials.serviceAccountPublicKey}`,
      `--service-account-signing-key-file=${credentials.serviceAccountKey}`,
      '--service-cluster-ip-range=10.96.0.0/16',
      '--allow-privileged=true',
      ...apiServerArgs,
    ],
  };
}

/** What means something where there are no nodes and so no pods. All the others only make the start longer. */
const controllers = [
  'namespace-controller',
  'serviceaccount-controller',
  'serviceaccount-token-controller',
  'root-ca-certificate-publisher-controller',
  'garbage-collector-controller',
  'clusterrole-aggregation-controller',
  'resourcequota-controller',
  'validatingadmissionpolicy-status-controller',
  'deployment-controller',
  'replicaset-controller',
  'statefulset-controller',
  'daemonset-controller',
  'job-controller',
];

/** `root` is a PEM file that proves the API server's certificate; `kubeconfig` is the controller manager's own. */
export function controllerManager(layout: Layout, path: string, root: string, kubeconfig: string): Program {
  return {
    name: 'kube-controller-manager',
    path,
    logFile: join(layout.state, 'kube-controller-manager.log'),
    args: [
      `--kubeconfig=${kubeconfig}`,
      `--authentication-kubeconfig=${kubeconfig}`,
      `--authorization-kubeconfig=${kubeconfig}`,
      '--secure-port=0',
      '--leader-elect=false',
      `--controllers=${[...controllers, ...layout.controllers].join(',')}`,
      '--use-service-account-credentials=true',
      `--service-account-private-key-file=${layout.credentials.serviceAccountKey}`,
      `--root-ca-file=${root}`,
    ],
  };
}
