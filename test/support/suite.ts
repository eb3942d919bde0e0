import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { annotations, fieldManager } from '../../src/api/names.ts';
import { findLeaks, type Place } from './canaries.ts';
import { type StoredSecret, textsOf } from './objects.ts';
import { createScene, type Scene } from './scene.ts';
import { createWorld, type World, type WorldOptions } from './world.ts';

/**
 * A suite with a world of its own. It always ends with a search for every secret value in all that the operator has
 * said and written, at any time.
 */
export function operatorSuite(title: string, options: WorldOptions, body: (world: World, scene: Scene) => void): void {
  describe(title, () => {
    const world = {} as World;
    const scene = {} as Scene;
    beforeAll(async () => {
      Object.assign(world, await createWorld(options));
      Object.assign(scene, createScene(world));
    });
    body(world, scene);
    test('no secret value shows anywhere but where it belongs', async () => {
      const values = [...world.square.secrets(), ...world.sandbox.secrets(), ...world.canaries];
      expect(values.length).toBeGreaterThan(0);
      const open = await openPlaces(world);
      const secrets = world.live.versions('secrets');
      const consumables = secrets.filter(isConsumable).map(contentOf);
      const notAccessTokens = values.filter((value) => !value.startsWith('EAAA'));
      const others = secrets.filter((one) => !isConsumable(one) && writtenBy(one, fieldManager)).map(contentOf);
      expect([
        ...findLeaks(values, open),
        ...findLeaks(notAccessTokens, consumables),
        ...findLeaks(values, others),
      ]).toEqual([]);
    });
    afterAll(() => world.stop?.());
  });
}

/** Whether the values are of that writer, as the API server records it; what people put into Secrets is theirs. */
const writtenBy = ({ metadata: { managedFields = [] } }: StoredSecret, manager: string) =>
  managedFields.some((one) => one.manager === manager && one.fieldsV1?.['f:data'] !== undefined);

const isConsumable = ({ metadata }: StoredSecret) => metadata.annotations?.[annotations.connection] !== undefined;

const nameOf = (object: { kind?: string; metadata: { namespace: string; name: string } }) =>
  `${object.kind ?? 'object'} ${object.metadata.namespace}/${object.metadata.name}`;

const contentOf = (secret: StoredSecret): Place => ({
  where: `values of ${nameOf(secret)}`,
  text: JSON.stringify(textsOf(secret)),
});

/** Where no secret value may ever stand. */
async function openPlaces({ live, operators, frontDoor }: World): Promise<Place[]> {
  const objects = (['connections', 'applications', 'configMaps', 'events'] as const).flatMap((collection) =>
    live.versions(collection).map((object) => ({ where: nameOf(object), text: JSON.stringify(object) })),
  );
  const metadata = live.versions('secrets').map((secret) => ({
    where: `metadata of ${nameOf(secret)}`,
    text: JSON.stringify({ ...secret.metadata, managedFields: undefined }),
  }));
  const logs = operators.map(({ log }, i) => ({ where: `log of operator ${i + 1}`, text: log.join('') }));
  const running = operators.at(-1);
  const pages = await Promise.all(
    (['metrics', 'healthz', 'readyz?verbose'] as const).map(async (what) => ({
      where: `/${what}`,
      text: running === undefined ? '' : (await running.get(what)).text,
    })),
  );
  const answers = (frontDoor?.exchanges ?? []).map(({ method, url, headers, body }) => ({
    where: `answer to ${method} ${url.split('?', 1)[0]}`,
    text: `${JSON.stringify(headers)}\n${body}`,
  }));
  return [...objects, ...metadata, ...logs, ...pages, ...answers];
}
