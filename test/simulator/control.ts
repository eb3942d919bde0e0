import { type Incoming, json, type Reply } from './reply.ts';

/** What can be called over HTTP, by name: each takes one JSON object and gives a JSON value. */
export type Controls = Readonly<Record<string, (argument: never) => unknown>>;

/**
 * `POST /_simulator/NAME` with a JSON object calls that control; `GET` calls it without argument. 404 for an unknown
 * name, 400 with `{"error"}` when the control refuses.
 */
export function createControl(controls: Controls): (incoming: Incoming) => Promise<Reply> {
  return async (incoming) => {
    const name = incoming.path.slice('/_simulator/'.length);
    const control = Object.hasOwn(controls, name) ? controls[name] : undefined;
    if (control === undefined)
      return json(404, { error: `no such control: one of ${Object.keys(controls).join(', ')}` });
    if (incoming.body !== '' && incoming.json === undefined) return json(400, { error: 'the body is no JSON object' });
    try {
      const value: unknown = await control((incoming.json ?? {}) as never);
      return json(200, value ?? {});
    } catch (error) {
      return json(400, { error: error instanceof Error ? error.message : String(error) });
    }
  };
}
