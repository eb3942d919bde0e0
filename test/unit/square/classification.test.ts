import { describe, expect, it } from 'vitest';
import type { Failure } from '../../../src/domain/failure.ts';
import { failureReasons, isDecisive } from '../../../src/domain/failure.ts';
import { classification } from '../../../src/square/classification.ts';
import { decidingRow, type Subject } from '../../../src/square/classify.ts';
import type { Outcome } from '../../../src/square/client.ts';
import { parseObject, readErrors } from '../../../src/square/error-shapes.ts';
import { faultyReply } from '../../simulator/faults.ts';
import { aSimulator } from '../simulator/stage.ts';
import { type AnswerCase, answers, unrecognised } from './answers.ts';
import { aClient, type CallName, calls } from './stage.ts';

const endpoints = {
  refresh: 'token',
  code: 'token',
  migration: 'token',
  revoke: 'revoke',
  status: 'status',
  locations: 'locations',
  merchant: 'merchant',
} as const satisfies Record<CallName, string>;

const effectOf = ([, status, shape, code, text]: AnswerCase) =>
  ({ kind: 'answer', status, shape, code, message: text, body: text, category: 'AUTHENTICATION_ERROR' }) as const;

async function failureAfter(answer: AnswerCase): Promise<Failure> {
  const simulator = await aSimulator();
  const { client } = aClient(simulator.url);
  simulator.faults.add({ endpoint: endpoints[answer[0]], effect: effectOf(answer) });
  const outcome: Outcome<unknown> = await calls(client)[answer[0]]();
  if (outcome.ok) throw new Error('was taken for a success');
  expect(simulator.requests.entries()).toHaveLength(1);
  return outcome.failure;
}

const named = (cases: readonly AnswerCase[]) => cases.map((answer) => [answer.slice(0, 6).join(' '), answer] as const);

describe('an answer of Square means', () => {
  it.each(named(answers))('%s', async (_, answer) => {
    const [, status, shape, word, , means, reason] = answer;
    const failure = await failureAfter(answer);
    expect(failure).toMatchObject({ class: means, status, ...(reason === undefined ? {} : { reason }) });
    if (shape === 'V2' && status < 500) expect(failure.code).toBe(word);
    if (shape === 'V1' && status < 500) expect(failure.type).toBe(word);
  });
});

describe('an answer that is not recognised says nothing about tokens', () => {
  it.each(named(unrecognised))('%s', async (_, answer) => {
    const failure = await failureAfter(answer);
    expect(failure).toMatchObject({ class: answer[5], reason: answer[6] });
    expect(isDecisive(failure)).toBe(false);
  });
});

const subjects: Readonly<Record<CallName, Subject>> = {
  refresh: { operation: 'ObtainToken', grant: 'refresh_token' },
  code: { operation: 'ObtainToken', grant: 'authorization_code' },
  migration: { operation: 'ObtainToken', grant: 'migration_token' },
  revoke: { operation: 'RevokeToken' },
  status: { operation: 'RetrieveTokenStatus' },
  locations: { operation: 'ListLocations' },
  merchant: { operation: 'RetrieveMerchant' },
};

describe('the table', () => {
  it('has no row that no answer above reaches', () => {
    const reached = answers.map((answer) => {
      const body = new TextEncoder().encode(faultyReply(effectOf(answer)).body);
      return decidingRow(subjects[answer[0]], answer[1], readErrors(parseObject(body))).row;
    });
    const idle = classification.filter((row) => !reached.includes(row));
    expect(idle).toEqual([]);
  });

  it('uses known reasons only, and every message says something', () => {
    for (const { verdict } of classification) {
      expect(failureReasons).toContain(verdict.reason);
      expect(verdict.message.length).toBeGreaterThan(20);
    }
  });

  it('of a request that is refused as such looks for a bug last, and at what people write where that was sent', () => {
    const malformed = classification.filter(({ verdict }) => verdict.class === 'BadRequest');
    for (const { grant, verdict } of malformed) {
      const { remedy } = verdict;
      expect(remedy).toMatch(/this is a bug$/);
      const ofScopes = 'spec.scopes of the connection and of the SquareApplication; if they are right,';
      expect(remedy.includes(ofScopes)).toBe(grant === 'refresh_token' || grant === 'authorization_code');
      expect(remedy.includes('redirect URL')).toBe(grant === 'authorization_code');
    }
    expect(malformed.length).toBeGreaterThan(6);
  });

  it('takes the first of several errors that it knows', () => {
    const body = readErrors({
      errors: [
        { category: 'AUTHENTICATION_ERROR', code: 'A_NEW_CODE' },
        { category: 'AUTHENTICATION_ERROR', code: 'ACCESS_TOKEN_EXPIRED' },
        { category: 'AUTHENTICATION_ERROR', code: 'ACCESS_TOKEN_REVOKED' },
      ],
    });
    expect(decidingRow(subjects.locations, 401, body).row?.verdict.class).toBe('AccessTokenExpired');
  });

  it('classifies errors that come with a 200 by their words', () => {
    const errors = [{ category: 'AUTHENTICATION_ERROR', code: 'UNAUTHORIZED', detail: 'Invalid refresh token' }];
    const body = readErrors({ errors });
    expect(decidingRow(subjects.locations, 200, body).row?.verdict.class).toBe('AccessTokenUnauthorized');
  });
});
