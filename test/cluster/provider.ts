import type { Release } from './releases.ts';

/** Where the programs of this folder say what they are doing. */
export interface Report {
  /** One line that stays. */
  line(text: string): void;
  /** What is being done right now; shown in place on a terminal, now and then elsewhere. `undefined`: it is over. */
  progress(text: string | undefined): void;
}

export interface ControlPlane {
  /** Path of a kubeconfig with every right in the cluster. */
  readonly kubeconfig: string;
  /** Ends what was started for this control plane, and only that; its data go with it. May be called twice. */
  stop(): Promise<void>;
}

export interface StartOptions {
  /** A folder of its own; made when it is missing. */
  readonly dir: string;
  readonly report: Report;
  /** The control plane stays when this process ends, and `takeDown` ends it. Otherwise it never outlives this process. */
  readonly outlive?: boolean;
  /** More flags for kube-apiserver, where the provider starts one by itself. */
  readonly apiServerArgs?: readonly string[];
  /** The version of Kubernetes that is asked for; absent: whichever the provider has. */
  readonly release?: Release | undefined;
  /** More controllers for kube-controller-manager, likewise: those that mean something where there are nodes. */
  readonly controllers?: readonly string[];
}

/** One way to come by a Kubernetes control plane. */
export interface Provider {
  readonly name: string;
  /** How a person makes this provider available: one sentence. */
  readonly howToGet: string;
  /** `true`, or why this provider cannot be used on this machine. */
  available(report: Report, release?: Release): Promise<true | string>;
  /** Resolves once the API server is ready. On an error nothing is left running. */
  start(options: StartOptions): Promise<ControlPlane>;
}
