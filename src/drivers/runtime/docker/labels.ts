import type { InstanceSpec, VolumeId } from '../../../engine/ports/runtime.ts';

/** On everything this driver creates; nothing without it is ever touched. */
export const platformLabel = 'cutover.platform';
export const projectLabel = 'cutover.project';
const environmentLabel = 'cutover.environment';
const volumeLabel = 'cutover.volume';
export const instanceLabel = 'cutover.instance';
export const deploymentLabel = 'cutover.deployment';

type Labels = Readonly<Record<string, string>>;

export function instanceLabels(platformId: string, spec: InstanceSpec): Record<string, string> {
  return {
    [platformLabel]: platformId,
    [projectLabel]: spec.project,
    [environmentLabel]: spec.environment,
    [deploymentLabel]: spec.deploymentId,
    'cutover.deployment-number': String(spec.deploymentNumber),
    [instanceLabel]: spec.instanceId,
    'cutover.process': spec.process,
    'cutover.ordinal': String(spec.ordinal),
    'cutover.port': String(spec.port),
  };
}

export function networkLabels(platformId: string, project: string): Record<string, string> {
  return { [platformLabel]: platformId, [projectLabel]: project };
}

export function volumeLabels(platformId: string, volume: VolumeId): Record<string, string> {
  return {
    [platformLabel]: platformId,
    [projectLabel]: volume.project,
    [environmentLabel]: volume.environment,
    [volumeLabel]: volume.name,
  };
}

/** null when the labels are not those of a volume. */
export function volumeIdOf(labels: Labels): VolumeId | null {
  const { [projectLabel]: project, [environmentLabel]: environment, [volumeLabel]: name } = labels;
  return project === undefined || environment === undefined || name === undefined
    ? null
    : { project, environment, name };
}

/** Docker's filter form: all of them must match. */
export function labelFilter(labels: Labels): { label: string[] } {
  return { label: Object.entries(labels).map(([name, value]) => `${name}=${value}`) };
}
