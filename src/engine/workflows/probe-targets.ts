import type { DeploymentRecord } from '../ports/deployment-store.ts';
import type { ProbeTarget } from '../ports/prober.ts';
import { hasContainer, webInstances } from './web-instances.ts';

/** What is asked to learn how a version that runs does: each of its instances that get traffic, or its files. */
export function probeTargets({
  deployment,
  instances,
}: Pick<DeploymentRecord, 'deployment' | 'instances'>): readonly ProbeTarget[] {
  const { artifact } = deployment;
  if (artifact?.type === 'bundle') return [{ kind: 'static', bundle: artifact.bundle, spa: artifact.spa }];
  return webInstances(instances)
    .filter(hasContainer)
    .flatMap(({ address, port }) => (address === null ? [] : [{ kind: 'instance' as const, address, port }]));
}
