import { getContainerRuntimeClient } from 'testcontainers';

/** Removes the container with its volumes; one that is gone already is left in peace. */
export async function removeContainer(id: string): Promise<void> {
  const client = await getContainerRuntimeClient();
  try {
    await client.container.getById(id).remove({ force: true, v: true });
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode !== 404) throw error;
  }
}
