/** What the runner has prepared for the tests: paths of this machine. */
export interface Plan {
  /** The folder of this run. */
  readonly dir: string;
  /** Where the programs of Kubernetes are. */
  readonly bin: string;
  readonly helm: string;
  readonly kubectl: string;
  /** Archives of the images: of the operator's under its first tag. */
  readonly images: readonly string[];
  /** The operator's image without its tag, and two tags of it. */
  readonly repository: string;
  readonly tags: readonly [installed: string, upgraded: string];
}

export const planVariable = 'SQUARE_OPERATOR_PODS';

export function readPlan(): Plan {
  const text = process.env[planVariable];
  if (text === undefined) throw new Error('These tests run by `npm run test:pods` only.');
  return JSON.parse(text) as Plan;
}
