import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';
import { type Judgement, judge } from './judge.ts';

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

export const healthOf = (program: string, object: object, kind: Kind = 'SquareConnection'): Health =>
  lua(program, customization('health', kind), object).result as Health;

/** What the kstatus library makes of an object: that is what Flux says. */
export const kstatusOf = (program: string, object: object): string | undefined =>
  judge(program, [{ ask: 'kstatus', object }])[0]?.status;
