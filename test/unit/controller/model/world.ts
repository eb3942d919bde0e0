import { annotations, labels, managedBy, sealedSecretName, secretTypes } from '../../../../src/api/names.ts';
import { days, formatInstant, type Instant, minutes } from '../../../../src/clock.ts';
import type { Grant } from '../../../../src/domain/grant.ts';
import { openToken } from '../../../../src/domain/token.ts';
import type { KubeObject } from '../../../../src/kube/resource.ts';
import { openGrant } from '../../../../src/secrets/grant.ts';
import { generateKey, type KeyMaterial } from '../../../../src/secrets/key-material.ts';
import { firstKeySecret, projectKeySecret } from '../../../../src/secrets/key-secrets.ts';
import { ringOf } from '../../../../src/secrets/ring.ts';
import { textOf } from '../../../../src/secrets/secret-text.ts';
import { createModelApiServer, namespace, type Write } from './api-server.ts';
import { createModelDisk } from './journal.ts';
import { type ModelProcess, startProcess } from './process.ts';
import { createModelSquare, type Told } from './square.ts';

export const names = ['bakery', 'cafe'] as const;
export type Name = (typeof names)[number];
/** One seller's refresh tokens work once, as those of PKCE do. */
export const isPKCE = (name: Name): boolean => name === 'cafe';
export const merchantOf = (name: Name): string => `M-${name}`;

const start = Date.UTC(2026, 6, 1, 9);

/** More passes than this without time going on are a loop. */
const mostPasses = 120;

/** Everything that a history happens to: the API server, Square, people, and one operator after another. */
export type World = ReturnType<typeof createWorld>;

export function createWorld() {
  let monotonic = 0;
  let wallAhead = 0;
  const timers = new Set<{ readonly at: number; readonly callback: () => void }>();
  const square = createModelSquare(start);
  const clock = {
    wall: () => square.now() + wallAhead,
    monotonic: () => monotonic,
    after(delay: number, callback: () => void) {
      const timer = { at: monotonic + Math.max(0, delay), callback };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
  };
  const api = createModelApiServer(clock.wall, onGone);
  const violations: string[] = [];
  const apiFaults: { readonly fault: 'Forbidden' | 'Unreachable' | 'AnswerLost'; left: number }[] = [];
  let beforeNextCalls: { after: number; act: () => 'go on' | 'die' | 'die after it' } | undefined;
  let prompt = true;
  /** Tokens that Square called dead to the operator that runs now, and has not taken back since. */
  const toldDead = new Set<string>();
  const everRevoked = new Set<string>();
  /** Tokens that were given and are not sealed yet, by the connection that they are for. */
  const unsealed = new Map<string, Name>();
  const counts = { steps: 0, writes: 0, statusWrites: 0, processes: 0, published: 0, parted: 0, givenUp: 0 };
  /** The grant that the operator sealed last, whatever has become of its record. */
  const lastHeld = new Map<Name, Grant>();
  /** Connections whose finalizers or sealed Secret somebody took away, or changed. */
  const meddled = new Set<string>();

  /** All the keys that there ever were: the model looks into records whose key is gone, too. */
  const known = new Map<string, KeyMaterial>();
  let read = 0;
  const everyKey = () => {
    for (; read < api.log.length; read++) {
      const object = api.log[read]?.event.object;
      const made = object !== undefined && isKey(object) ? projectKeySecret(object).material : undefined;
      if (made !== undefined) known.set(made.key.id, made);
    }
    return ringOf([...known.values()], true);
  };
  const heldGrant = (name: Name): Grant | undefined => grantIn(name, api.find('secrets', sealedSecretName(name)));
  const grantIn = (name: Name, secret: KubeObject | undefined): Grant | undefined => {
    const jwe = secret && textOf(secret, 'grant.jwe');
    const binding = { namespace, name, environment: 'Production', clientID: 'sq0idp-MODEL' } as const;
    const opened = jwe === undefined ? undefined : openGrant(everyKey(), binding, jwe);
    return opened?.ok && opened.value.kind !== 'Vacant' ? opened.value : undefined;
  };
  const pinOf = (name: Name) =>
    (api.find('squareconnections', name)?.['spec'] as { merchantID?: string } | undefined)?.merchantID;

  /** Nothing is revoked but what a person asked for, or a deletion under `Revoke`. */
  function isToEnd(merchant: string): boolean {
    return names.some((name) => {
      const object = api.find('squareconnections', name);
      const { deletionTimestamp, annotations: notes = {} } = object?.metadata ?? {};
      const asked = notes[annotations.disconnectRequestedAt] !== undefined;
      const parting = deletionTimestamp !== undefined && policyOf(object) === 'Revoke';
      return (asked || parting) && heldGrant(name)?.merchantID === merchant;
    });
  }

  /** Under `Revoke` what was held is ended at Square, or told to go on. */
  function onGone(plural: string, object: KubeObject): void {
    const { name, deletionTimestamp } = object.metadata;
    if (plural !== 'squareconnections' || deletionTimestamp === undefined || policyOf(object) !== 'Revoke') return;
    counts.parted++;
    const ready = conditionsOf(object).find(({ type }) => type === 'Ready')?.reason ?? '';
    const grant = lastHeld.get(name as Name);
    const ours = grant?.connectionUID === object.metadata.uid;
    const state = grant && square.issued.get(openToken(grant.accessToken.value))?.state;
    if (ready === 'RevokeGivenUp' || ready === 'RevokeUnsupported') counts.givenUp++;
    else if (ours && state === 'Live' && !meddled.has(object.metadata.uid ?? '')) {
      violations.push(`${name} went as ${ready}, and its token goes on without a word`);
    }
  }

  function onTold(told: Told): void {
    switch (told.kind) {
      case 'Revoking':
        if (!isToEnd(told.merchant)) violations.push(`the authorization of ${told.merchant} was ended unasked`);
        return;
      case 'Proven':
        toldDead.delete(told.token);
        return;
      case 'Dead':
        toldDead.add(told.token);
        if (told.class === 'AccessTokenRevoked') everRevoked.add(told.token);
        return;
      case 'Issued': {
        const name = names.find((one) => merchantOf(one) === told.merchant);
        if (name === undefined) return;
        const pins = [pinOf(name), heldGrant(name)?.merchantID];
        if (pins.every((pin) => pin === undefined || pin === told.merchant)) unsealed.set(told.token, name);
      }
    }
  }

  function onWrite({ verb, plural, subresource, before, after }: Write): void {
    counts.writes++;
    if (prompt) running.deliver();
    const object = after ?? before;
    if (object === undefined) return;
    const { name } = object.metadata;
    if (name.endsWith('-sealed')) {
      const of = name.slice(0, -'-sealed'.length) as Name;
      const owner = api.find('squareconnections', of);
      const grant = grantIn(of, after);
      if (grant !== undefined) lastHeld.set(of, grant);
      const parts = owner?.metadata.deletionTimestamp !== undefined && policyOf(owner) === 'Revoke';
      if (verb === 'delete' && !parts && grantIn(of, before) !== undefined)
        violations.push(`${name} was deleted, which nobody asked for`);
      for (const [token, of] of unsealed) if (`${of}-sealed` === name) unsealed.delete(token);
      return;
    }
    const connection = object.metadata.annotations?.[annotations.connection] ?? name;
    if (name.startsWith('escrow-')) return;
    const marked = plural === 'secrets' && before !== undefined && tokenIn(before) === tokenIn(object);
    if ([...unsealed.values()].some((of) => of === connection) && !marked && !tellsOfUnsettled(object)) {
      violations.push(`${plural}/${name} was written before the new token was sealed`);
    }
    if (subresource === 'status' && plural === 'squareconnections') {
      counts.statusWrites++;
      checkStatus(object);
    }
    if (plural === 'secrets' && after !== undefined) checkPublished(before, after);
  }

  function checkPublished(before: KubeObject | undefined, after: KubeObject): void {
    const token = textOf(after, 'access-token') ?? '';
    if (isKey(after) || (before !== undefined && textOf(before, 'access-token') === token)) return;
    counts.published++;
    if (toldDead.has(token)) violations.push(`the token ${token}, known to be rejected, was newly published`);
    const end = square.issued.get(token)?.expiresAt ?? 0;
    if (running.time.now() >= end) violations.push(`the token ${token} was newly published past its end`);
  }

  function checkStatus(object: KubeObject): void {
    const status = object['status'] as {
      revision?: number;
      conditions: { type: string; status: string; reason: string; message: string }[];
    };
    const { name } = object.metadata;
    const grant = heldGrant(name as Name);
    for (const { type, message, reason } of status.conditions) {
      if (/undefined|NaN|\[object|EAAA|EQAA/.test(message)) violations.push(`${type}: the message says "${message}"`);
      if (!/[.]$/.test(message)) violations.push(`${type}/${reason}: no full stop in "${message}"`);
    }
    const is = (type: string) => status.conditions.find((condition) => condition.type === type)?.status;
    if (is('Reconciling') === 'True' && is('Stalled') === 'True') violations.push(`${name} is Reconciling and Stalled`);
    if (grant === undefined || grant.generation !== status.revision) return;
    const token = openToken(grant.accessToken.value);
    if (is('Valid') === 'True' && toldDead.has(token)) violations.push(`${name}: a token known to be dead is Valid`);
    if (is('Revoked') === 'True' && !everRevoked.has(token)) {
      violations.push(`${name}: Revoked, although Square never said so of ${token}`);
    }
  }

  const surroundings = {
    api,
    square,
    clock,
    disk: createModelDisk(),
    beforeCall() {
      counts.steps++;
      if (beforeNextCalls === undefined || beforeNextCalls.after-- > 0) return 'go on' as const;
      const { act } = beforeNextCalls;
      beforeNextCalls = undefined;
      return act();
    },
    apiFault(kind: 'read' | 'write', plural: string) {
      const fault = kind === 'write' && plural === 'secrets' ? apiFaults.find((one) => one.left > 0) : undefined;
      if (fault !== undefined) fault.left--;
      return fault?.fault;
    },
    onWrite,
    // Whoever was faster decides what is there now.
    onRefusedWrite: () => unsealed.clear(),
    onTold,
    onError: (message: string) => void violations.push(message),
  };

  function run(): ModelProcess {
    counts.processes++;
    toldDead.clear();
    unsealed.clear();
    return startProcess(surroundings);
  }

  let running: ModelProcess;

  /** Lets everything happen that needs no time. An operator that died is followed by another one. */
  async function settle(): Promise<void> {
    let before = running.passes();
    const { processes } = counts;
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      if (!running.alive()) {
        running = run();
        before = 0;
      } else if (running.passes() - before > mostPasses) {
        violations.push('passes follow each other without time going on');
        return;
      } else if (!fireDue()) break;
    }
    // A failure is followed by a pause; only a request of a person goes without. A restart may repeat what was not stored.
    for (const [what, times] of square.refused) {
      if (times > 2 + (counts.processes - processes)) violations.push(`${what} was asked for ${times} times in vain`);
    }
    square.refused.clear();
  }

  function fireDue(): boolean {
    const due = [...timers].filter(({ at }) => at <= monotonic);
    for (const timer of due) {
      timers.delete(timer);
      timer.callback();
    }
    return due.length > 0;
  }

  const world = {
    api,
    square,
    violations,
    counts,
    meddled,
    apiFaults,
    heldGrant,
    get running() {
      return running;
    },
    settle,
    wallNow: (): string => formatInstant(clock.wall()),
    now: (): Instant => square.now(),
    jumpWall: (by: number) => void (wallAhead += by),
    setWall: () => void (wallAhead = 0),
    setPrompt: (value: boolean) => void (prompt = value),
    /** After so many calls of the operator, something happens in the middle of a pass. */
    interrupt: (after: number, act: () => 'go on' | 'die' | 'die after it') => void (beforeNextCalls = { after, act }),
    /** Names of token Secrets that somebody else has. They are looked at so often that days of it take long. */
    squatted: (): string[] =>
      api.all('secrets').flatMap((object) => (textOf(object, 'password') === undefined ? [] : [object.metadata.name])),
    winLease() {
      if (running.mayAct) return;
      // What was learnt in an earlier term and not stored is forgotten.
      toldDead.clear();
      unsealed.clear();
      running.mayAct = true;
      running.controller.start();
    },
    restart() {
      running.die();
      running = run();
    },
    /** Time goes on; whatever is due on the way happens in its order. */
    async advance(by: number) {
      const end = monotonic + by;
      const before = { ...square.calls, writes: counts.writes };
      for (let fired = 0; violations.length === 0; fired++) {
        if (fired > 200 + 7_000 * (by / days(1))) violations.push(`${fired} instants at which something was due`);
        const next = Math.min(end, ...[...timers].map(({ at }) => at));
        square.advance(Math.max(0, next - monotonic));
        monotonic = Math.max(monotonic, next);
        await settle();
        if (![...timers].some(({ at }) => at <= end)) break;
      }
      square.advance(end - monotonic);
      monotonic = end;
      await settle();
      bound('token call', square.calls.token - before.token, 20 + 60 * (by / days(1)));
      bound('write', counts.writes - before.writes, 60 + 300 * (by / days(1)));
      bound('revoke call', square.calls.revoke - before.revoke, 20 + 60 * (by / days(1)));
      bound('bearer call', square.calls.bearer - before.bearer, 60 + 600 * (by / days(1)));
    },
  };

  function bound(what: string, made: number, most: number): void {
    if (made > most) violations.push(`${made} ${what}s in a time in which ${Math.floor(most)} are the most`);
  }

  populate();
  running = run();
  return world;

  function populate(): void {
    api.put('namespaces', { metadata: { name: namespace } });
    api.put('secrets', firstKey());
    api.put('secrets', credential('client', { 'client-secret': 'good-secret' }));
    api.put('squareapplications', anApplication());
    for (const name of names) {
      api.put(
        'secrets',
        credential(`${name}-token`, { token: square.newRefreshToken(merchantOf(name), isPKCE(name)) }),
      );
      api.put('squareconnections', aConnectionObject(name));
    }
  }
}

const policyOf = (object: KubeObject | undefined): string | undefined =>
  (object?.['spec'] as { deletionPolicy?: string } | undefined)?.deletionPolicy;

const conditionsOf = (object: KubeObject): { type: string; reason: string }[] =>
  (object['status'] as { conditions?: { type: string; reason: string }[] } | undefined)?.conditions ?? [];

const encoded = (data: Record<string, string>) =>
  Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')]));

export const credential = (name: string, data: Record<string, string>): KubeObject => ({
  metadata: { name, namespace },
  type: secretTypes.credential,
  data: encoded(data),
});

const firstKey = (): KubeObject => {
  const text = generateKey(start);
  const { id } = JSON.parse(text) as { id: string };
  return {
    metadata: { name: firstKeySecret, namespace, labels: { [labels.sealingKey]: id } },
    type: secretTypes.sealingKey,
    data: encoded({ 'key.json': text }),
  };
};

export const isKey = (object: KubeObject): boolean => object['type'] === secretTypes.sealingKey;

/** Sets the state of a key by its label, as people do. */
export const inState = (key: KubeObject, state: 'active' | 'retired'): KubeObject => ({
  ...key,
  metadata: { ...key.metadata, labels: { ...key.metadata.labels, [labels.sealingKeyState]: state } },
});

export const anApplication = (): KubeObject => ({
  metadata: { name: 'pos', namespace },
  spec: { environment: 'Production', clientID: 'sq0idp-MODEL', clientSecretRef: { name: 'client' } },
});

export const aConnectionObject = (name: Name): KubeObject => ({
  metadata: { name, namespace },
  spec: {
    applicationRef: { name: 'pos' },
    credential: { refreshToken: { secretRef: { name: `${name}-token`, key: 'token' } } },
    verifyInterval: name === 'bakery' ? '24h' : '6h',
    deletionPolicy: name === 'bakery' ? 'Retain' : 'Revoke',
  },
});

export const foreignSecret = (name: string): KubeObject => ({
  metadata: { name, namespace },
  type: 'Opaque',
  data: encoded({ password: 'of somebody else' }),
});

const tokenIn = (secret: KubeObject) => textOf(secret, 'access-token');

/** Whether it is a status that says that a grant is not stored yet. */
function tellsOfUnsettled(object: KubeObject): boolean {
  const { conditions = [] } = (object['status'] ?? {}) as { conditions?: { reason: string }[] };
  return conditions.some(({ reason }) => reason === 'GrantNotStored');
}

export const isOurs = (object: KubeObject): boolean =>
  object.metadata.labels?.[labels.managedBy] === managedBy &&
  object.metadata.annotations?.[annotations.connection] !== undefined;

export const requestLifetimePassed = minutes(16);
