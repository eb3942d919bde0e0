/** A generated file. */
export interface Artifact {
  /** From the root of the repository. */
  readonly path: string;
  readonly text: string;
}
