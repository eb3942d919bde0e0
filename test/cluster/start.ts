import { builtBinaries } from './built-binaries.ts';
import { existingCluster } from './existing-cluster.ts';
import { k3s } from './k3s.ts';
import { kubebuilderAssets } from './kubebuilder-assets.ts';
import type { ControlPlane, Provider, Report, StartOptions } from './provider.ts';

/** In the order in which they are tried. */
export const providers: readonly Provider[] = [existingCluster, kubebuilderAssets, k3s, builtBinaries];

export interface Choice {
  /** Use the provider of this name and no other. `CONTROL_PLANE_PROVIDER` says the same for what takes no flags. */
  readonly provider?: string | undefined;
  /** `KUBECONFIG` is given on purpose. `USE_EXISTING_CLUSTER=true` says the same for what takes no flags. */
  readonly useExistingCluster?: boolean | undefined;
}

/** Starts a control plane by the first provider that is there. Throws, naming all of them, when none is. */
export async function startControlPlane(options: StartOptions & Choice): Promise<ControlPlane> {
  const provider = await chooseProvider(options, options.report);
  options.report.line(`Control plane: ${provider.name}`);
  return provider.start(options);
}

export async function chooseProvider(choice: Choice, report: Report): Promise<Provider> {
  const name = choice.provider ?? process.env.CONTROL_PLANE_PROVIDER;
  const existing = choice.useExistingCluster ?? process.env.USE_EXISTING_CLUSTER === 'true';
  if (name) return forced(name, report);
  if (existing) return forced(existingCluster.name, report);
  const reasons: string[] = [`${existingCluster.name}: it was not asked for. To use it, ${existingCluster.howToGet}.`];
  for (const provider of providers.filter((other) => other !== existingCluster)) {
    const available = await provider.available(report);
    if (available === true) return provider;
    reasons.push(`${provider.name}: ${available}. To use it, ${provider.howToGet}.`);
  }
  throw new Error(
    `There is no Kubernetes control plane to run against. One of these is needed:\n- ${reasons.join('\n- ')}`,
  );
}

async function forced(name: string, report: Report): Promise<Provider> {
  const provider = providers.find((one) => one.name === name);
  if (!provider) {
    throw new Error(`There is no provider "${name}". Providers are ${providers.map((one) => one.name).join(', ')}.`);
  }
  const available = await provider.available(report);
  if (available === true) return provider;
  throw new Error(`The provider ${name} was asked for, but ${available}. To use it, ${provider.howToGet}.`);
}
