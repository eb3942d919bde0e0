import { annotations, grantKey, labels } from '../../src/api/names.ts';
import { collectionPath } from '../support/live.ts';
import { textsOf } from '../support/objects.ts';
import type { Party } from '../support/scene.ts';
import { connected, isFresh, name, type Scenario } from './scenario.ts';
import type { Stage } from './stage.ts';

const isOver = ({ square }: Stage, { clientID, merchantID }: Party): boolean =>
  square.ledger.liveRefreshTokens({ clientID, merchantID }).length === 0;

/** A person asks to end the authorization at Square. */
export const disconnection: Scenario = {
  name: 'disconnect on request',
  singleUse: false,
  replicas: 1,
  revokes: true,
  prepare: (stage) => connected(stage, false),
  act: async ({ scene }) => void (await scene.request(name, 'disconnect')),
  reached(stage, party) {
    const { live, namespace } = stage;
    const { conditions = [] } = live.get('connections', namespace, name)?.status ?? {};
    const told = conditions.some(({ type, reason }) => type === 'Ready' && reason === 'Disconnected');
    const state = live.get('secrets', namespace, name)?.metadata.annotations?.[annotations.state];
    return told && isOver(stage, party) && state === 'revoked';
  },
};

/** The connection is deleted, and its policy is to revoke. */
export const deletion: Scenario = {
  name: 'deletion under Revoke',
  singleUse: false,
  replicas: 1,
  revokes: true,
  prepare: (stage) => connected(stage, false, { deletionPolicy: 'Revoke' }),
  act: ({ scene }) => scene.remove('connections', name),
  reached(stage, party) {
    const { live, namespace } = stage;
    const left = [name, `${name}-sealed`].some((secret) => live.get('secrets', namespace, secret) !== undefined);
    return !left && live.get('connections', namespace, name) === undefined && isOver(stage, party);
  },
};

/** The key that seals is retired: another is made, and the record is sealed by it. */
export const keyRotation: Scenario = {
  name: 'another sealing key',
  singleUse: true,
  replicas: 1,
  prepare: (stage) => connected(stage, true),
  async act({ api, operatorNamespace }) {
    const path = `${collectionPath('secrets', operatorNamespace)}/square-operator-sealing-key-1`;
    const body = { metadata: { labels: { [labels.sealingKeyState]: 'retired' } } };
    await api.ask('PATCH', path, { body, contentType: 'application/merge-patch+json' });
  },
  reached(stage, party) {
    const { live, namespace, operatorNamespace } = stage;
    const record = live.get('secrets', namespace, `${name}-sealed`);
    const old = live.get('secrets', operatorNamespace, 'square-operator-sealing-key-1')?.metadata.labels;
    if (record === undefined || old === undefined) return false;
    const [header = ''] = (textsOf(record)[grantKey] ?? '').split('.');
    const { kid } = JSON.parse(Buffer.from(header, 'base64url').toString() || '{}') as { kid?: string };
    const told = live.get('connections', namespace, name)?.status?.sealingKeyID === kid;
    return kid !== old[labels.sealingKey] && told && isFresh(stage, party, 1);
  },
};
