import { createHash } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { days } from '../clock.ts';
import { embedded } from './assets/embedded.ts';

interface Asset {
  readonly path: string;
  readonly type: string;
  readonly body: Buffer;
}

const asset = (name: string, extension: string, type: string, base64: string): Asset => {
  const body = Buffer.from(base64, 'base64');
  const digest = createHash('sha256').update(body).digest('base64url').slice(0, 16);
  return { path: `/assets/${name}.${digest}.${extension}`, type, body };
};

const assets = {
  style: asset('style', 'css', 'text/css; charset=utf-8', embedded.style),
  script: asset('app', 'js', 'text/javascript; charset=utf-8', embedded.script),
  icon: asset('icon', 'svg', 'image/svg+xml', embedded.icon),
} as const;

type AssetName = keyof typeof assets;

/** Where the assets lie. A digest of the content is in the name, so browsers keep them for good. */
export const assetPaths = (base: string): Readonly<Record<AssetName, string>> => ({
  style: base + assets.style.path,
  script: base + assets.script.path,
  icon: base + assets.icon.path,
});

export function registerAssets(app: FastifyInstance): void {
  for (const { path, type, body } of Object.values(assets)) {
    app.get(path, (_request, reply) =>
      reply
        .header('content-type', type)
        .header('cache-control', `public, max-age=${days(365) / 1_000}, immutable`)
        .send(body),
    );
  }
}
