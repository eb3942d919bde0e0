import { KubeConfig } from '@kubernetes/client-node';
import { Agent, type Dispatcher } from 'undici';

/** The way to the real API server, for what stands before it. */
export interface Upstream {
  readonly server: string;
  readonly dispatcher: Dispatcher;
}

/** A kubeconfig, and the cluster of its current context. */
export function readKubeconfig(file: string) {
  const config = new KubeConfig();
  config.loadFromFile(file);
  const cluster = config.getCurrentCluster();
  if (!cluster) throw new Error(`${file} names no cluster`);
  return { config, cluster };
}

/** Opens the way to the API server of a kubeconfig. What a request is allowed, its own headers say. */
export async function openUpstream(admin: string): Promise<Upstream> {
  const { config, cluster } = readKubeconfig(admin);
  const tls: { ca?: string | Buffer } = {};
  await config.applyToHTTPSOptions(tls);
  const dispatcher = new Agent({ connect: { ca: tls.ca }, bodyTimeout: 0, headersTimeout: 0 });
  return { server: cluster.server.replace(/\/$/, ''), dispatcher };
}
