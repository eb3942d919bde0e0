import { aConnection, aSecret } from '../support/objects.ts';
import type { Stage } from './stage.ts';

/** The name of a connection whose only use is to ask Square something when it is told to. */
export const pulseName = 'pulse';

/** Makes the operator ask Square something, so that it learns what time it is there: a new token is checked at once. */
export async function pulse({ scene, square, namespace, live }: Stage): Promise<void> {
  const { clientID } = square.addApplication({ clientID: 'sq0idp-pulse' });
  const { merchantID } = square.addSeller({ merchantID: 'MLPULSE000001' });
  const { value } = square.addPersonalAccessToken({ clientID, merchantID });
  const secret = `${pulseName}-credential`;
  if (live.get('secrets', namespace, secret) === undefined) {
    await scene.create('secrets', aSecret(namespace, secret, { token: value }));
    const credential = { personalAccessToken: { secretRef: { name: secret, key: 'token' } } };
    await scene.create('connections', aConnection(namespace, pulseName, { environment: 'Production', credential }));
  } else await scene.edit('secrets', secret, { stringData: { token: value } });
}
