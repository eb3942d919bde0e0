import type { Bundled } from '../bundle/bundle.ts';
import type { BundledPackage } from '../bundle/packages.ts';
import type { Lock } from './lock.ts';
import { dependencyReasons } from './reasons.ts';

/** What the project allows itself. More is a decision: raise the number here, and say why in the commit. */
export const budget = {
  /** Dependencies that what is shipped names. */
  runtime: 14,
  /** Dependencies that only building and testing need. */
  development: 14,
  /** Packages of which code is shipped, with all that they bring. */
  bundled: 80,
  /** Of each program, in KiB. */
  programs: { 'square-operator.js': 4_400, 'kubectl-square.js': 3_100 } as Readonly<Record<string, number>>,
} as const;

export interface Shipment {
  readonly bundles: readonly Pick<Bundled, 'program' | 'bytes'>[];
  readonly packages: readonly Pick<BundledPackage, 'folder'>[];
}

export const namedBy = ({ dependencies, devDependencies, optionalDependencies }: Lock[string]) => ({
  runtime: Object.keys(dependencies ?? {}),
  development: [...Object.keys(devDependencies ?? {}), ...Object.keys(optionalDependencies ?? {})],
});

/** Where the dependencies are more than the budget, or other than those that have a reason. */
export function budgetProblems(
  lock: Lock,
  { bundles, packages }: Shipment,
  reasons: Readonly<Record<string, string>> = dependencyReasons,
): string[] {
  const { runtime, development } = namedBy(lock[''] ?? {});
  const named = [...runtime, ...development];
  const over = (what: string, is: number, most: number) =>
    is > most ? [`${what}: ${is}, and the budget is ${most} (tools/supply/budget.ts)`] : [];
  return [
    ...named
      .filter((name) => reasons[name] === undefined)
      .map((name) => `${name} has no row in tools/supply/reasons.ts: what is it for, and why is it not written here?`),
    ...Object.keys(reasons)
      .filter((name) => !named.includes(name))
      .map((name) => `${name} has a row in tools/supply/reasons.ts and is no dependency`),
    ...over('dependencies of what is shipped', runtime.length, budget.runtime),
    ...over('dependencies to build and test with', development.length, budget.development),
    ...over('packages that are shipped', packages.length, budget.bundled),
    ...bundles.flatMap(({ program, bytes }) =>
      over(`KiB of ${program}`, Math.ceil(bytes / 1024), budget.programs[program] ?? 0),
    ),
  ];
}
