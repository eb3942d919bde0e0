import { seconds } from '../../src/clock.ts';
import type { Party, Scene } from './scene.ts';
import type { World } from './world.ts';

/**
 * Asks for a refresh whose answer cannot be stored: the note of the attempt is taken, and before Square answers a person
 * makes the sealed Secret immutable. Resolves once the status tells so, with the name of that Secret.
 */
export async function refreshUnstored(world: World, scene: Scene, party: Party): Promise<string> {
  const { name } = party;
  const sealed = `${name}-sealed`;
  scene.strike(party, { endpoint: 'token', effect: { kind: 'delay' }, delay: seconds(3) });
  const before = scene.secret(sealed)?.metadata.resourceVersion;
  await scene.request(name, 'refresh');
  await world.live.until('the attempt is noted', () => scene.secret(sealed)?.metadata.resourceVersion !== before);
  await scene.edit('secrets', sealed, { immutable: true });
  await scene.becomes(name, { Renewable: 'Unknown/GrantNotStored' });
  return sealed;
}
