import { openApi } from './api.ts';
import { builtBinaries } from './built-binaries.ts';
import { existingCluster } from './existing-cluster.ts';
import { k3s } from './k3s.ts';
import { kubebuilderAssets } from './kubebuilder-assets.ts';
import type { ControlPlane, Provider, Report, StartOptions } from './provider.ts';
import { minorOf, type Release, releaseAskedFor } from './releases.ts';

/** In the order in which they are tried. */
export const providers: readonly Provider[] = [existingCluster, kubebuilderAssets, k3s, builtBinaries];

export interface Choice {
  /** Use the provider of this name and no other. `CONTROL_PLANE_PROVIDER` says the same for what takes no flags. */
  readonly provider?: string | undefined;
  /** `KUBECONFIG` is given on purpose. `USE_EXISTING_CLUSTER=true` says the same for what takes no flags. */
  readonly useExistingCluster?: boolean | undefined;
  /** Minor version of Kubernetes. `KUBERNETES_VERSION` says the same for what takes no flags. */
  readonly kubernetes?: string | undefined;
}

/**
 * Starts a control plane by the first provider that is there. Throws, naming all of them, when none is, and when what it
 * gives is of another version of Kubernetes than was asked for.
 */
export async function startControlPlane(options: StartOptions & Choice): Promise<ControlPlane> {
  const provider = await chooseProvider(options, options.report);
  options.report.line(`Control plane: ${provider.name}`);
  const release = releaseAskedFor(options.kubernetes);
  const controlPlane = await provider.start({ ...options, release });
  if (release === undefined) return controlPlane;
  try {
    await expectVersion(controlPlane, provider, minorOf(release.kubernetes));
    return controlPlane;
  } catch (error) {
    await controlPlane.stop();
    throw error;
  }
}

async function expectVersion({ kubeconfig }: ControlPlane, { name }: Provider, asked: string): Promise<void> {
  const api = await openApi(kubeconfig);
  let gitVersion: string;
  try {
    ({ gitVersion } = await api.ask<{ gitVersion: string }>('GET', '/version'));
  } finally {
    await api.close();
  }
  if (minorOf(gitVersion) === asked) return;
  throw new Error(`The provider ${name} gives Kubernetes ${gitVersion}, and ${asked} was asked for.`);
}

export async function chooseProvider(choice: Choice, report: Report): Promise<Provider> {
  const name = choice.provider ?? process.env.CONTROL_PLANE_PROVIDER;
  const existing = choice.useExistingCluster ?? process.env.USE_EXISTING_CLUSTER === 'true';
  const release = releaseAskedFor(choice.kubernetes);
  if (name) return forced(name, report, release);
  if (existing) return forced(existingCluster.name, report, release);
  const reasons: string[] = [`${existingCluster.name}: it was not asked for. To use it, ${existingCluster.howToGet}.`];
  for (const provider of providers.filter((other) => other !== existingCluster)) {
    const available = await provider.available(report, release);
    if (available === true) return provider;
    reasons.push(`${provider.name}: ${available}. To use it, ${provider.howToGet}.`);
  }
  throw new Error(
    `There is no Kubernetes control plane to run against. One of these is needed:\n- ${reasons.join('\n- ')}`,
  );
}

async function forced(name: string, report: Report, release: Release | undefined): Promise<Provider> {
  const provider = providers.find((one) => one.name === name);
  if (!provider) {
    throw new Error(`There is no provider "${name}". Providers are ${providers.map((one) => one.name).join(', ')}.`);
  }
  const available = await provider.available(report, release);
  if (available === true) return provider;
  throw new Error(`The provider ${name} was asked for, but ${available}. To use it, ${provider.howToGet}.`);
}
