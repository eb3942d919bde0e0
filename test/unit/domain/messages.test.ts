import { describe, expect, it } from 'vitest';
import { reasons } from '../../../src/api/conditions.ts';
import type { Observation } from '../../../src/domain/observation.ts';
import { readStatus } from '../../../src/domain/recall.ts';
import { summarize } from '../../../src/domain/summarize.ts';
import { anObservation, at, noon } from '../../support/builders.ts';

const ready = (o: Observation) => {
  const found = summarize(o, readStatus({}), at(noon)).conditions?.find(({ type }) => type === 'Ready');
  if (found === undefined) throw new Error('a status without Ready');
  return found;
};

describe('a Secret that is somebody else’s', () => {
  it.each([
    [
      'SecretNotOwned',
      anObservation({ tokenSecret: { kind: 'NotOwned', name: 'bakery', retryAt: noon } }),
      'Set spec.secret.name to another name',
    ],
    [
      'GrantSecretNotOwned',
      anObservation({ grant: { kind: 'NotOwned', retryAt: noon } }),
      'Create the connection under another name',
    ],
  ] as const)('is not to be renamed, which no Secret can be, and deleted last of all: %s', (reason, o, first) => {
    const { message, ...is } = ready(o);
    expect(is).toMatchObject({ reason });
    const remedy = `${first}, or delete that Secret if nothing else needs it.`;
    expect(message).toMatch(new RegExp(`it was left alone\\. ${remedy}$`));
    expect(reasons[reason].remedy).toBe(remedy);
  });
});
