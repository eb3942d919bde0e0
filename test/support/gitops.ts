import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { beforeAll, expect } from 'vitest';
import { parse } from 'yaml';
import { findJudge, lacksJudge } from '../../tools/programs/judge.ts';
import { reportTo } from '../cluster/report.ts';
import { type Judgement, judge } from './judge.ts';
import { testUnless } from './needs.ts';
import type { StoredApplication, StoredConnection } from './objects.ts';

interface ConfigMap {
  readonly data: Readonly<Record<string, string>>;
}

/** What Argo CD is given: scripts by what they are for and which kind. */
export const customizations = (
  parse(readFileSync(join(resolve(import.meta.dirname, '../..'), 'deploy/argocd/argocd-cm.yaml'), 'utf8')) as ConfigMap
).data;

export type Kind = 'SquareConnection' | 'SquareApplication';

export const customization = (what: 'health' | 'actions', kind: Kind): string =>
  customizations[`resource.customizations.${what}.square-operator.dev_${kind}`] ?? '';

/** What a script gives in the Lua that Argo CD runs it in. Throws when it fails. */
export function lua(program: string, script: string, object: object): Judgement {
  const [answer] = judge(program, [{ ask: 'lua', script, object }]);
  if (answer?.error !== undefined) throw new Error(answer.error);
  return answer ?? {};
}

export interface Health {
  readonly status: string;
  readonly message: string;
}

type Stored = StoredConnection | StoredApplication;

/** What brings a situation about: gives the object's name, and what ends the situation where others would suffer. */
export type Bring = () => Promise<readonly [name: string, end?: () => void]>;

const long = 600_000;

/**
 * What Flux, `kubectl wait` and Argo CD make of objects of a kind: the first two by the kstatus library itself, the last by
 * its scripts in the Lua that it runs them in. To be called where tests are declared.
 */
export function inGitOps(kind: Kind) {
  const lacks = lacksJudge();
  let program = '';
  beforeAll(async () => {
    if (lacks === undefined) program = await findJudge(reportTo(process.stderr));
  }, long);
  const step = (name: string, act: () => Promise<void>) => testUnless(lacks, name, act, long);
  const health = (object: object) => lua(program, customization('health', kind), object).result as Health;
  const kstatus = (object: object) => judge(program, [{ ask: 'kstatus', object }])[0]?.status;
  const seen = (object: object) => [kstatus(object), health(object).status];
  return {
    /** A test that needs both judges. */
    step,
    program: () => program,
    kstatus,
    /** A test: an object that `becomes` so is that to both, and Argo CD says why in the words of its condition Ready. */
    situations:
      <Looks>(becomes: (name: string, looks: Looks) => Promise<Stored>) =>
      (what: string, [flux, argo]: readonly [kstatus: string, argocd: string], looks: Looks, bring: Bring): void =>
        step(`${what} is ${flux} to kstatus and ${argo} to Argo CD`, async () => {
          const [name, end] = await bring();
          const object = await becomes(name, looks);
          end?.();
          expect(seen(object)).toEqual([flux, argo]);
          const condition = (type: string) => object.status?.conditions?.find((one) => one.type === type);
          const ready = condition('Ready');
          expect(health(object).message).toContain(`${ready?.reason}: ${ready?.message}`);
          expect(condition('Stalled')?.status === 'True').toBe(flux === 'Failed');
        }),
    /** An object that nobody has looked at is in progress, as is one that was changed since, or is being deleted. */
    expectProgress: (created: object | undefined, settled: Stored): void => {
      expect(seen(created ?? {})).toEqual(['InProgress', 'Progressing']);
      const { metadata } = settled;
      expect(seen({ ...settled, metadata: { ...metadata, generation: 99 } })).toEqual(['InProgress', 'Progressing']);
      const deleted = { ...settled, metadata: { ...metadata, deletionTimestamp: '2026-01-31T12:00:00Z' } };
      expect(seen(deleted)).toEqual(['Terminating', 'Progressing']);
    },
  };
}
