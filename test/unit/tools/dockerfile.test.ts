import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '../../..');
const dockerfile = readFileSync(join(root, 'Dockerfile'), 'utf8');
const stages = dockerfile.split(/^FROM /m).slice(1);

describe('the Dockerfile', () => {
  test('takes from elsewhere only images that a digest pins', () => {
    const given = [...dockerfile.matchAll(/^ARG ([A-Z]+_IMAGE)=(.*)$/gm)].map(([, name, image]) => [name, image]);
    expect(given.map(([name]) => name)).toEqual(['NODE_IMAGE', 'BASE_IMAGE']);
    for (const [, image] of given) expect(image).toMatch(/^[a-z.]+\/[a-z0-9./-]+:[a-z0-9.-]+@sha256:[0-9a-f]{64}$/);
    const names = stages.map((stage) => stage.split(/\s/, 1)[0]);
    expect(names).toEqual(['${NODE_IMAGE}', '${BASE_IMAGE}', 'programs', 'programs']);
  });

  test('needs no shell but where it is built, and nobody who is root where it runs', () => {
    for (const stage of stages.slice(1)) expect(stage).not.toMatch(/^(?:RUN|ENTRYPOINT|CMD) (?!\[)/m);
    expect(stages.at(-1)).toMatch(/^USER 65532:65532$/m);
    expect(stages.at(-1)).not.toMatch(/^RUN/m);
  });

  test('has the version of the package', () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    expect(dockerfile).toMatch(new RegExp(`^ARG VERSION=${version.replaceAll('.', '\\.')}$`, 'm'));
  });
});
