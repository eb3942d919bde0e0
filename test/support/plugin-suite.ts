import { afterAll, beforeAll, expect, test } from 'vitest';
import { findLeaks } from './canaries.ts';
import { kubeconfig } from './cluster.ts';
import { createPerson, type roles } from './person.ts';
import { installPlugin, type Plugin } from './plugin.ts';
import type { Scene } from './scene.ts';
import { operatorSuite } from './suite.ts';
import type { World, WorldOptions } from './world.ts';

export interface PluginSuite {
  readonly world: World;
  readonly scene: Scene;
  readonly plugin: Plugin;
  /** A kubeconfig of somebody with that role in the namespace of the connections, or in those given. */
  readonly person: (role: keyof typeof roles, namespaces?: readonly string[]) => Promise<string>;
}

/** A suite in which people call the plugin. It ends with a search for every secret value in all that it wrote. */
export function pluginSuite(title: string, options: WorldOptions, body: (suite: PluginSuite) => void): void {
  operatorSuite(title, options, (world, scene) => {
    const plugin = ((...args) => installed(...args)) as Plugin;
    let installed: Plugin;
    beforeAll(async () => {
      installed = await installPlugin();
      Object.assign(plugin, installed);
    });
    body({
      world,
      scene,
      plugin,
      person: (role, namespaces = [world.namespace]) =>
        createPerson(world.api, kubeconfig(), plugin.dir, role, namespaces),
    });
    test('the plugin shows no secret value', () => {
      const values = [...world.square.secrets(), ...world.sandbox.secrets()];
      expect(plugin.written.join('')).not.toBe('');
      expect(findLeaks(values, [{ where: 'what the plugin wrote', text: plugin.written.join('') }])).toEqual([]);
    });
    afterAll(() => installed?.remove());
  });
}
