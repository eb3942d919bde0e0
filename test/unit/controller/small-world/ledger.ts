import { isIncomingEscrow, sealedSecretName } from '../../../../src/api/names.ts';
import type { Attempt, Doubt } from '../../../../src/domain/attempt.ts';
import type { Grant, Vacant } from '../../../../src/domain/grant.ts';
import { openBytes, openToken } from '../../../../src/domain/token.ts';
import { bindingIn } from '../../../../src/secrets/bound-header.ts';
import { openGrant } from '../../../../src/secrets/grant.ts';
import { openIssued } from '../../../../src/secrets/journal-record.ts';
import type { KeyRing } from '../../../../src/secrets/port.ts';
import { textOf } from '../../../../src/secrets/secret-text.ts';
import type { ModelApiServer } from '../model/api-server.ts';
import type { ModelSquare } from '../model/square.ts';
import type { Replica } from './replicas.ts';

/** The connection of the small world. */
export const connection = 'bakery';

/** A record, opened. */
export interface Stored {
  readonly generation: number;
  readonly refreshToken?: string;
  readonly accessToken?: string;
  readonly expiresAt?: number;
  readonly attempt?: Attempt;
  readonly doubts?: readonly Doubt[];
}

/** Looks into everything that is sealed, and at Square: what no process can. */
export interface Ledger {
  record(): Stored | undefined;
  escrowed(): Stored[];
  /** Refresh tokens in Secrets of sign-ins, in those of what was set aside, and in escrow for them. */
  arrived(): string[];
  /** Refresh tokens in the answers on a disk. */
  journalled(replica: Replica): string[];
  /** The token, and what Square gave in its place, one after the other. */
  chain(root: string): readonly string[];
}

export interface LedgerDeps {
  readonly api: ModelApiServer;
  readonly square: ModelSquare;
  readonly ring: KeyRing;
}

export function createLedger({ api, square, ring }: LedgerDeps): Ledger {
  const opened = new Map<string, Stored | undefined>();
  const answers = new Map<string, string[]>();

  function open(jwe: string | undefined, purpose: 'grant' | 'escrow' | 'incoming'): Stored | undefined {
    if (jwe === undefined) return undefined;
    if (!opened.has(jwe)) {
      const grant = openGrant(ring, bindingIn(jwe), jwe, purpose);
      opened.set(jwe, grant.ok ? storedOf(grant.value) : undefined);
    }
    return opened.get(jwe);
  }

  function answerIn(text: string): string[] {
    const known = answers.get(text);
    if (known !== undefined) return known;
    const issued = openIssued(ring, text);
    const body = issued.ok ? Buffer.from(openBytes(issued.value.body)).toString() : '{}';
    const { refresh_token: token } = JSON.parse(body) as { refresh_token?: string };
    const found = token === undefined ? [] : [token];
    answers.set(text, found);
    return found;
  }

  return {
    record() {
      const secret = api.find('secrets', sealedSecretName(connection));
      return open(secret && textOf(secret, 'grant.jwe'), 'grant');
    },
    escrowed: () =>
      api.all('secrets').flatMap((secret) => {
        const { name } = secret.metadata;
        const inEscrow = name.startsWith('escrow-') && !isIncomingEscrow(name);
        return (inEscrow ? open(textOf(secret, 'grant.jwe'), 'escrow') : undefined) ?? [];
      }),
    arrived: () =>
      api.all('secrets').flatMap((secret) => {
        const isArrival = secret.metadata.name.includes('-incoming-');
        return (isArrival ? open(textOf(secret, 'grant.jwe'), 'incoming')?.refreshToken : undefined) ?? [];
      }),
    journalled: ({ disk }) => [...disk.pages.values()].flatMap((pages) => [...pages.values()].flatMap(answerIn)),
    chain(root) {
      const next = square.refreshTokens.get(root)?.successor;
      return next === undefined ? [root] : [root, ...this.chain(next)];
    },
  };
}

function storedOf(record: Grant | Vacant): Stored {
  const { generation, attempt, doubts } = record;
  const noted = { ...(attempt && { attempt }), ...(doubts && { doubts }) };
  if (record.kind === 'Vacant') return { generation, ...noted };
  const { refreshToken, accessToken } = record;
  return {
    generation,
    accessToken: openToken(accessToken.value),
    ...(accessToken.expiresAt === undefined ? {} : { expiresAt: accessToken.expiresAt }),
    ...(refreshToken === undefined ? {} : { refreshToken: openToken(refreshToken.value) }),
    ...noted,
  };
}
