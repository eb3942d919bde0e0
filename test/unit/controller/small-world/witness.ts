import { annotations } from '../../../../src/api/names.ts';
import { formatInstant } from '../../../../src/clock.ts';
import type { KubeObject } from '../../../../src/kube/resource.ts';
import { textOf } from '../../../../src/secrets/secret-text.ts';
import type { ModelApiServer, Write } from '../model/api-server.ts';
import type { Call, ModelProcess } from '../model/process.ts';
import type { ModelSquare } from '../model/square.ts';
import type { Befall } from './choices.ts';
import { connection, type Ledger, type Stored } from './ledger.ts';
import type { Replica, Replicas } from './replicas.ts';

export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
}

/** Where the newest refresh token is. `Reachable`: in the cluster, or with a process that lives and moves. */
export type Whereabouts = 'Reachable' | 'Out of reach' | 'Nowhere';

/** Why nobody has a token that Square gave: its answer reached nobody, or a process that ended before any disk had it. */
export type Loss = 'Unheard' | 'Before the disk';

export interface WitnessDeps {
  readonly api: ModelApiServer;
  readonly square: ModelSquare;
  readonly ledger: Ledger;
  readonly replicas: Replicas;
  readonly violations: string[];
  readonly singleUse: boolean;
  /** The token that the first credential is. */
  readonly root: string;
  /** Whether it was taken up before. */
  readonly takenUp: boolean;
}

/** Sees everything and touches nothing; what must never be is a violation. */
export type Witness = ReturnType<typeof createWitness>;

export function createWitness({ api, square, ledger, replicas, violations, singleUse, root, takenUp }: WitnessDeps) {
  /** Tokens that a process has in its memory, since it heard Square's answer. */
  const inHand = new Map<string, { readonly replica: Replica; readonly process: ModelProcess }>();
  /** Token requests that are under way. */
  const asking = new Map<ModelProcess, { readonly replica: Replica; readonly befall: Befall | undefined }>();
  const known = new Set([root]);
  /** Records that were there at some time, by their access tokens. */
  const stored = new Map<string, Stored>();
  let since = 0;
  const roots = [root];
  /** Tokens of sign-ins: no Secret of a person keeps them. */
  const arrived = new Set<string>();
  const lost = new Map<string, Loss>();
  /** Processes that have found that a request of theirs was not sent. */
  const unsent = new Set<ModelProcess>();
  /** Whether a credential was ever sent to Square. */
  let isSent = takenUp;
  /** Whether a sign-in was received by a process to which the credential beside it was new. */
  let isTriedNext = false;
  const violate = (what: string) => {
    if (!violations.includes(what)) violations.push(what);
  };

  /** Every answer of Square that is not in the hands of whoever asked is one that reached nobody. */
  function issued(token: string, replica: Replica, process: ModelProcess, befall: Befall | undefined): void {
    if (befall === 'crash after' || befall === 'answer lost' || befall === '504') lost.set(token, 'Unheard');
    else inHand.set(token, { replica, process });
  }

  /**
   * Of a credential that was never sent a process may know nothing, since the one that found so ended before it could say
   * it. Then it is new, and takes the place of the sign-in that was received before it.
   */
  function triedNext({ refreshToken = '', accessToken = '' }: Stored): void {
    const leader = replicas.leader();
    if (stored.has(accessToken)) return;
    if (arrived.has(refreshToken)) isTriedNext = !isSent && leader !== undefined && !unsent.has(leader);
    else if (isTriedNext) roots.sort((a, b) => Number(arrived.has(b)) - Number(arrived.has(a)));
  }

  /** Another credential is given. */
  function given(token: string): void {
    roots.push(token);
    known.add(token);
  }

  function whereIs(token: string): Whereabouts {
    if (ledger.arrived().includes(token)) return 'Reachable';
    if (roots.includes(token) && !arrived.has(token)) return 'Reachable';
    if (ledger.record()?.refreshToken === token) return 'Reachable';
    if (ledger.escrowed().some((one) => one.refreshToken === token)) return 'Reachable';
    const hand = inHand.get(token);
    const alive = hand?.process.alive() === true;
    const storing = alive && (hand.process.busy() || hand.process.controller.settlement.count() > 0);
    if (storing && !hand.replica.frozen) return 'Reachable';
    const disks = replicas.all.filter((replica) => ledger.journalled(replica).includes(token));
    if (disks.some(({ process, frozen }) => process.alive() && !frozen)) return 'Reachable';
    return storing || disks.length > 0 ? 'Out of reach' : 'Nowhere';
  }

  /** The newest token of each credential, from the one that was taken up last on: what that one replaced is not needed. */
  function newest(): string[] {
    const stored = ledger.record()?.refreshToken;
    const takenUp = roots.findLastIndex((one) => stored !== undefined && ledger.chain(one).includes(stored));
    since = Math.max(since, takenUp);
    return roots.slice(since).map((one) => ledger.chain(one).at(-1) ?? one);
  }

  return {
    roots,
    lost,
    whereIs,
    newest,
    given,
    /** A sign-in left its grant: where that is from now on is looked at like that of any other. */
    signedIn(token: string): void {
      given(token);
      arrived.add(token);
    },
    called(replica: Replica, call: Call, befall: Befall | undefined): void {
      if (!isTokenRequest(call)) return;
      const { process } = replica;
      for (const [
        other,
        {
          replica: { name },
        },
      ] of singleUse ? asking : []) {
        if (other.alive()) violate(`${replica.name} asks for a token while ${name} does`);
      }
      asking.set(process, { replica, befall });
      if (befall === 'not sent') unsent.add(process);
      else isSent = true;
    },
    happened({ process }: Replica, call: Call): void {
      const asked = isTokenRequest(call) ? asking.get(process) : undefined;
      asking.delete(process);
      for (const token of square.refreshTokens.keys()) {
        if (known.has(token)) continue;
        known.add(token);
        if (asked !== undefined) issued(token, asked.replica, process, asked.befall);
      }
    },
    look,
    wrote({ plural, subresource, before, after }: Write): void {
      if (after === undefined) return;
      const record = ledger.record();
      if (record?.accessToken !== undefined) {
        triedNext(record);
        stored.set(record.accessToken, record);
      }
      if (plural === 'secrets') published(before, after);
      if (plural === 'squareconnections' && subresource === 'status') told(after);
    },
    conditions,
    state,
    anyoneSignedIn: () => arrived.size > 0,
  };

  /** What has to hold at every step. */
  function look(): void {
    for (const [token, { presentedAgain }] of square.refreshTokens) {
      if (presentedAgain > 1) violate(`the used token ${token} was presented ${presentedAgain} times more`);
    }
    for (const token of newest()) {
      if (whereIs(token) !== 'Nowhere' || lost.has(token)) continue;
      // A deletion, or a disconnect, ended it.
      if (square.refreshTokens.get(token)?.live === false) continue;
      const hand = inHand.get(token);
      if (hand !== undefined && !hand.process.alive()) lost.set(token, 'Before the disk');
      else violate(`the refresh token ${token} lives and is nowhere`);
    }
  }

  function published(before: KubeObject | undefined, after: KubeObject): void {
    const token = textOf(after, 'access-token');
    if (after.metadata.name !== connection || token === undefined) return;
    if (before !== undefined && textOf(before, 'access-token') === token) return;
    const record = stored.get(token);
    if (record === undefined) violate(`${token} is published and was not stored`);
    // A write of a process that stood still while another stored the next one comes late, and must not come after that one's.
    if (ledger.record()?.accessToken !== token && !replicas.stoodStill())
      violate(`${token} is published and not what is stored`);
    if (before !== undefined && revisionOf(after) < revisionOf(before))
      violate(`${token} is older than what it replaces`);
    const whole =
      textOf(after, 'expires-at') === (record?.expiresAt && formatInstant(record.expiresAt)) &&
      textOf(after, 'environment') === 'Production' &&
      ['merchant-id', 'base-url'].every((one) => textOf(after, one) !== undefined);
    if (!whole) violate(`what is published with ${token} is not whole`);
  }

  function told(object: KubeObject): void {
    for (const { type, status, reason } of conditionsOf(object)) {
      if (type === 'Revoked' && status === 'True') violate('Revoked, although Square never said so');
      if (reason === 'RefreshRefused' && newest().every((token) => lost.get(token) === 'Unheard')) {
        violate('RefreshRefused, although it was used up by a request whose answer was lost');
      }
      if (reason === 'RotationOutcomeLost' && newest().every((token) => whereIs(token) === 'Reachable')) {
        if (!isDoubted()) violate('RotationOutcomeLost, although the answer is at hand');
      }
    }
  }

  /** A token was presented twice and nobody knows what came of it: it may not be presented again. */
  function isDoubted(): boolean {
    const { attempt, doubts = [] } = ledger.record() ?? {};
    return (attempt !== undefined && attempt.unanswered > 0) || doubts.some(({ unanswered }) => unanswered > 1);
  }

  function conditions(): readonly Condition[] {
    const object = api.find('squareconnections', connection);
    return object === undefined ? [] : conditionsOf(object);
  }

  /** Everything that tells two states apart, without times. */
  function state(): unknown {
    const record = ledger.record();
    const secret = api.find('secrets', connection);
    return [
      record && [record.generation, record.refreshToken, record.accessToken, record.attempt?.presents],
      record?.attempt && [record.attempt.unanswered, record.attempt.doubted, record.attempt.holder],
      record?.doubts?.map(({ presents, unanswered, doubted }) => [presents, unanswered, doubted]),
      secret && [textOf(secret, 'access-token'), secret.metadata.annotations],
      conditions().map(({ type, status, reason }) => `${type}${status}${reason}`),
      ledger.escrowed().map(({ refreshToken }) => refreshToken),
      [...square.refreshTokens].map(([token, one]) => [token, one.live, one.presentedAgain]),
      replicas.all.map((replica) => [
        replica.name,
        replica.process.alive(),
        replica.process === replicas.leader(),
        replica.frozen,
        replica.stopping,
        ledger.journalled(replica),
        replica.process.controller.settlement.count(),
      ]),
    ];
  }
}

const revisionOf = ({ metadata }: KubeObject): number => Number(metadata.annotations?.[annotations.revision] ?? 0);

const isTokenRequest = (call: Call): boolean => call.to === 'square' && call.operation === 'ObtainToken';

function conditionsOf(object: KubeObject): readonly Condition[] {
  const { conditions = [] } = (object['status'] ?? {}) as { conditions?: Condition[] };
  return conditions;
}
