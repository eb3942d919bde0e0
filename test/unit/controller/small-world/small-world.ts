import { createHash } from 'node:crypto';
import { labels, secretTypes } from '../../../../src/api/names.ts';
import { formatInstant } from '../../../../src/clock.ts';
import { generateKey } from '../../../../src/secrets/key-material.ts';
import { firstKeySecret, projectKeySecret } from '../../../../src/secrets/key-secrets.ts';
import { ringOf } from '../../../../src/secrets/ring.ts';
import { createModelApiServer, namespace } from '../model/api-server.ts';
import type { Call } from '../model/process.ts';
import { createModelSquare } from '../model/square.ts';
import { aConnectionObject, anApplication, credential, merchantOf } from '../model/world.ts';
import { type Choice, createChoices } from './choices.ts';
import { connection, createLedger } from './ledger.ts';
import { createReplicas } from './replicas.ts';
import { createWitness } from './witness.ts';

const start = Date.UTC(2026, 6, 1, 9);

/** One key for all worlds: what it is makes no difference. */
const key = generateKey(start);
const keySecret = {
  metadata: {
    name: firstKeySecret,
    namespace,
    labels: { [labels.sealingKey]: (JSON.parse(key) as { id: string }).id },
  },
  type: secretTypes.sealingKey,
  data: { 'key.json': Buffer.from(key).toString('base64') },
};
const ring = ringOf([projectKeySecret(keySecret).material ?? []].flat(), true);

/** More turns than this without time going on are a loop. */
const mostTurns = 2_000;

export interface SmallWorldOptions {
  readonly choices: readonly Choice[];
  readonly replicas: readonly string[];
  /** Whether the first credential is there from the beginning. */
  readonly given: boolean;
  /** Whether it is a token that works once. */
  readonly singleUse: boolean;
  /** Told of every state, as a digest of it. */
  readonly onState: (digest: string) => void;
  /** Told of every call before anything befalls it. */
  readonly onCall?: (call: Call) => void;
}

/** One seller, one application, a replica or two, and a list of what befalls them. */
export type SmallWorld = ReturnType<typeof createSmallWorld>;

export function createSmallWorld(options: SmallWorldOptions) {
  let monotonic = 0;
  const timers = new Set<{ readonly at: number; readonly callback: () => void }>();
  const square = createModelSquare(start);
  const clock = {
    wall: () => square.now(),
    monotonic: () => monotonic,
    after(delay: number, callback: () => void) {
      const timer = { at: monotonic + Math.max(0, delay), callback };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
  };
  const api = createModelApiServer(clock.wall, () => {});
  const violations: string[] = [];
  const choices = createChoices(options.choices);
  const ledger = createLedger({ api, square, ring });
  let under = false;
  let edges = 0;
  const root = square.newRefreshToken(merchantOf(connection), options.singleUse);
  api.put('namespaces', { metadata: { name: namespace } });
  api.put('secrets', keySecret);
  api.put('secrets', credential('client', { 'client-secret': 'good-secret' }));
  api.put('squareapplications', anApplication());
  if (options.given) api.put('secrets', credential(`${connection}-token`, { token: root }));
  api.put('squareconnections', aConnectionObject(connection));
  const replicas = createReplicas({
    clock,
    names: options.replicas,
    squareFault: (fault) => void square.faults.push({ on: 'token', fault, left: 1 }),
    befall(replica, call) {
      if (!under) return undefined;
      edges++;
      options.onCall?.(call);
      options.onState(digestOf(witness.state()));
      witness.look();
      const befall = choices.next(replica.name, call);
      if (befall === '503' && call.to === 'square' && call.operation !== 'ObtainToken') {
        square.faults.push({ on: 'bearer', fault: 'Unavailable', left: 1 });
        return undefined;
      }
      witness.called(replica, call, befall);
      return befall;
    },
    happened: (replica, call) => witness.happened(replica, call),
    surroundings: {
      api,
      square,
      onWrite(write) {
        replicas.deliver();
        witness.wrote(write);
      },
      onRefusedWrite() {},
      onTold() {},
      onError: (message) => void violations.push(message),
    },
  });
  const { singleUse, given: takenUp } = options;
  const witness = createWitness({ api, square, ledger, replicas, violations, singleUse, root, takenUp });

  /** Lets everything happen that needs no time. */
  async function settle(): Promise<void> {
    for (let turns = 0; ; turns++) {
      await new Promise((resolve) => setImmediate(resolve));
      if (turns > mostTurns) violations.push('it goes on and on without time passing');
      if (turns > mostTurns || !fireDue()) return;
    }
  }

  function fireDue(): boolean {
    const due = [...timers].filter(({ at }) => at <= monotonic);
    for (const timer of due) {
      timers.delete(timer);
      timer.callback();
    }
    return due.length > 0;
  }

  return {
    api,
    square,
    ring,
    root,
    violations,
    ledger,
    replicas,
    witness,
    edges: () => edges,
    open: choices.open,
    /** From now on things befall the replicas. */
    begin: () => void (under = true),
    /** From now on all goes well. */
    end() {
      choices.close();
      for (const missed of choices.missed()) violations.push(`this never came: ${missed}`);
    },
    wallNow: (): string => formatInstant(clock.wall()),
    settle,
    async advance(by: number) {
      const end = monotonic + by;
      while (violations.length === 0) {
        const next = Math.min(end, ...[...timers].map(({ at }) => at));
        square.advance(Math.max(0, next - monotonic));
        monotonic = Math.max(monotonic, next);
        await settle();
        witness.look();
        if (monotonic >= end && ![...timers].some(({ at }) => at <= end)) return;
      }
    },
  };
}

const digestOf = (state: unknown): string =>
  createHash('sha1').update(JSON.stringify(state)).digest('base64').slice(0, 12);
