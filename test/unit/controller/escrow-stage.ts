import { sealedSecretName, secretTypes } from '../../../src/api/names.ts';
import type { RecoverDeps } from '../../../src/controller/recover.ts';
import { createSettlement, type SettlementDeps } from '../../../src/controller/settlement.ts';
import { KubeError } from '../../../src/kube/client.ts';
import { silentLog } from '../../../src/kube/log.ts';
import { purposeInEscrow } from '../../../src/secrets/escrow.ts';
import { openGrant } from '../../../src/secrets/grant.ts';
import { projectGrantSecret } from '../../../src/secrets/grant-secret.ts';
import type { KeyRing } from '../../../src/secrets/port.ts';
import { sealRecord } from '../../../src/secrets/record.ts';
import { aGrant } from '../../support/builders.ts';
import { createFakeClock } from '../../support/clock.ts';
import { aBinding, aRing } from '../secrets/fixtures.ts';
import { type ApiCall, createModelApiServer } from './model/api-server.ts';
import { anEscrowRecovery } from './model/escrow.ts';

export const ring = aRing();
export const binding = aBinding();
export const key = `${binding.namespace}/${binding.name}`;
export const grant = aGrant({ environment: binding.environment, clientID: binding.clientID });

const sealed = sealedSecretName(binding.name);
const forbidden = new KubeError({ status: 403, reason: 'Forbidden', message: 'no', mayHaveActed: false });

/** A process that stores what Square gave, and looks after escrow, as the controller has it do. */
export function anEscrowStage(keys: KeyRing = ring) {
  const clock = createFakeClock();
  const api = createModelApiServer(
    () => clock.wall(),
    () => {},
  );
  /** What the API server does not do. `fault`: a write of the sealed Secret meets what no API server answers. */
  const refusing: Record<'get' | 'delete' | 'list' | 'write' | 'intoEscrow' | 'fault', boolean> & {
    writeWith?: KubeError;
  } = { get: false, delete: false, list: false, write: false, intoEscrow: false, fault: false };
  const asked = { get: 0, delete: 0, list: 0 };
  function refuse({ verb, kind, name }: ApiCall): void {
    const isSealed = name === sealed;
    const isWrite = kind === 'write';
    if (verb === 'get' && isSealed) asked.get++;
    if (verb === 'delete') asked.delete++;
    if (verb === 'list') asked.list++;
    if (isWrite && isSealed && refusing.writeWith !== undefined) throw refusing.writeWith;
    if (isWrite && isSealed && refusing.fault) throw new TypeError('odd');
    const refuses =
      (verb === 'get' && isSealed && refusing.get) ||
      (verb === 'delete' && refusing.delete) ||
      (verb === 'list' && refusing.list) ||
      (isWrite && isSealed && refusing.write) ||
      (isWrite && name.startsWith('escrow-') && refusing.intoEscrow);
    if (refuses) throw forbidden;
  }
  const client = api.client(
    async (call, act) => {
      refuse(call);
      return act();
    },
    () => {},
  );
  // Own writes are taken in at once.
  const get = () => {
    const secret = api.find('secrets', sealed);
    return secret && projectGrantSecret(secret);
  };
  const grants = { writing: () => () => {}, absorb() {}, get };
  const watches = { grants, connections: { get: () => undefined } };
  /** What its status would have said, each time that it was to be told anew. */
  const told: (string | undefined)[] = [];
  const onChange = (of: string) => {
    const unsettled = settlement.of(of);
    told.push(unsettled?.message);
    if (unsettled === undefined) escrow.settled(of);
  };
  const deps = {
    client,
    ring: keys,
    namespace: 'ops',
    clock,
    log: silentLog,
    watches,
    onChange,
  } as unknown as SettlementDeps;
  const settlement = createSettlement(deps);
  const recovery = { ...deps, settlement, incoming: { waiting: () => [] } } as unknown as RecoverDeps;
  const escrow: ReturnType<typeof anEscrowRecovery> = anEscrowRecovery(api, recovery);
  const look = () => escrow.begin(new AbortController().signal);
  /** Of the grant that is stored. */
  const generation = () => {
    const opened = openGrant(keys, binding, get()?.jwe ?? '');
    return opened?.ok && opened.value.kind !== 'Vacant' ? opened.value.generation : undefined;
  };
  const escrowed = () => api.all('secrets').filter(({ metadata }) => metadata.name.startsWith('escrow-'));
  /** As a later version of the operator does. */
  const leaveUnread = (name: string) => {
    const jwe = sealRecord(keys, purposeInEscrow(name), binding, Buffer.from('{"v":2,"all":"is otherwise"}'));
    api.put('secrets', {
      metadata: { name, namespace: binding.namespace },
      type: secretTypes.escrow,
      data: { 'grant.jwe': Buffer.from(jwe).toString('base64') },
    });
  };
  const parts = { clock, api, deps, settlement, recovery, escrow, refusing, asked, told };
  return { ...parts, look, generation, escrowed, leaveUnread };
}
