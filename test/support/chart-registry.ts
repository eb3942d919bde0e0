import { createHash } from 'node:crypto';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { certificate, certificateKey } from './certificate.ts';

/** A registry on this machine that serves one chart, and takes nothing. */
export interface ChartRegistry {
  /** In the place of the registry's name: `localhost:PORT`. Its certificate is that of `certificate.ts`. */
  readonly host: string;
  stop(): Promise<void>;
}

const manifestType = 'application/vnd.oci.image.manifest.v1+json';

/**
 * Serves the packaged chart under that repository and tag, as Helm pushes it (OCI Distribution Specification, "Pulling
 * manifests", "Pulling blobs"; Helm, "Use OCI-based registries").
 */
export async function startChartRegistry(repository: string, tag: string, archive: Buffer): Promise<ChartRegistry> {
  const digestOf = (content: Buffer) => `sha256:${createHash('sha256').update(content).digest('hex')}`;
  const config = Buffer.from('{}');
  const described = (content: Buffer, mediaType: string) => ({
    mediaType,
    digest: digestOf(content),
    size: content.length,
  });
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: manifestType,
      config: described(config, 'application/vnd.cncf.helm.config.v1+json'),
      layers: [described(archive, 'application/vnd.cncf.helm.chart.content.v1.tar+gzip')],
    }),
  );
  const base = `/v2/${repository}`;
  const contents = new Map<string, readonly [type: string, content: Buffer]>([
    [`${base}/manifests/${tag}`, [manifestType, manifest]],
    [`${base}/manifests/${digestOf(manifest)}`, [manifestType, manifest]],
    ...[config, archive].map(
      (blob) => [`${base}/blobs/${digestOf(blob)}`, ['application/octet-stream', blob]] as const,
    ),
  ]);
  const server = createServer({ cert: certificate, key: certificateKey }, ({ url = '', method }, answer) => {
    const [type, content] = contents.get(url) ?? [];
    if (type === undefined || content === undefined) return void answer.writeHead(404).end();
    const headers = {
      'content-type': type,
      'content-length': content.length,
      'docker-content-digest': digestOf(content),
    };
    answer.writeHead(200, headers).end(method === 'HEAD' ? undefined : content);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    host: `localhost:${(server.address() as AddressInfo).port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
