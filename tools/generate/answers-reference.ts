import { type Attempt, consequences, retryRules } from '../../src/domain/consequences.ts';
import type { Operation } from '../../src/domain/failure.ts';
import { byDefault, classification, type Row } from '../../src/square/classification.ts';
import { faults } from '../../src/square/classify.ts';
import type { Verdict } from '../../src/square/verdicts.ts';
import type { Artifact } from './artifact.ts';
import { code, page, table } from './markdown.ts';

/** The reference of Square's answers: what each means, which conditions tell of it, when it is tried again, what helps. */
export function answersReference(): Artifact[] {
  const answers = classification.map((row) => [...lookOf(row), ...meaningOf(row.verdict)]);
  const otherwise = ['any', '', '', '', 'anything else', ...meaningOf(byDefault)];
  const none = Object.entries(faults).map(([fault, verdict]) => [fault, ...meaningOf(verdict)]);
  const text = page(
    'src/square/classification.ts and src/domain/consequences.ts',
    '# Answers of Square',
    'The first row that matches decides. An answer that matches none says nothing about any token. A decisive row asks for a word of Square’s in one of its shapes, so no page of a proxy and no status alone makes one. V2 is the shape of Square’s “Handling Errors”, V1 what the OAuth endpoints are seen to answer, OAuth that of RFC 6749.',
    '## Answers',
    table(
      ['Call', 'Status', 'Shape', 'Code, type or error', 'Text', 'Class', 'Reason', 'What is so', 'What to do'],
      [...answers, otherwise],
    ),
    '## No whole answer',
    table(['', 'Class', 'Reason', 'What is so', 'What to do'], none),
    '## What a class comes to',
    'Of a credential while nothing is held; of a refresh while the access token still works; of a verification once two slots in a row have failed, or at once where Square is decisive. A refused refresh token alone is never a revocation.',
    table(
      ['Class', 'Credential', 'tried again', 'Refresh', 'tried again', 'Verification', 'then'],
      Object.entries(consequences).map(([failureClass, of]) => [
        code(failureClass),
        ...(['TakeUp', 'Refresh', 'Verify'] as const satisfies readonly Attempt[]).flatMap((attempt) => [
          of[attempt].shows.map(code).join(' '),
          of[attempt].retry,
        ]),
      ]),
    ),
    table(
      ['Tried again', ''],
      Object.entries(retryRules).map(([retry, says]) => [retry, says]),
    ),
  );
  return [{ path: 'docs/reference/answers-of-square.md', text }];
}

const meaningOf = (verdict: Verdict): string[] => [
  code(verdict.class),
  code(verdict.reason),
  sentence(verdict.means),
  sentence(verdict.remedy),
];

const sentence = (text: string): string => (text === '' ? '' : `${text.charAt(0).toUpperCase()}${text.slice(1)}.`);

function lookOf({ on, grant, status, shapes, word, hint }: Row): string[] {
  return [
    on === undefined ? 'any' : on.map((operation) => callOf(operation, grant)).join(', '),
    typeof status === 'number' ? String(status) : `${status[0]}–${status[1]}`,
    shapes?.join(', ') ?? 'any',
    word === undefined ? '' : code(typeof word === 'string' ? word : word.source),
    hint?.says ?? '',
  ];
}

const callOf = (operation: Operation, grant: string | undefined): string =>
  grant === undefined ? operation : `${operation} (${code(grant)})`;
