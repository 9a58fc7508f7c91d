import { defaultEnvironmentSettings, type EnvironmentSettings } from '../../domain/environment-settings.ts';
import type { PreviewSettings } from '../../domain/preview-settings.ts';

/**
 * What a preview's environment is set to: as production where that says what the app is, and small where it says how much of it there is.
 * Nobody compares its versions: that takes two of them, and visitors.
 */
export function previewEnvironment(
  branch: string,
  production: EnvironmentSettings | null,
  { replicas, cpuCores, memoryMb }: PreviewSettings,
): EnvironmentSettings {
  const model = production ?? defaultEnvironmentSettings;
  return {
    ...model,
    branch,
    replicas,
    cpuCores,
    memoryMb,
    strategy: model.strategy === 'recreate' || model.strategy === 'auto' ? model.strategy : 'rolling',
    observationMs: 0,
    standby: 'none',
    processes: model.processes.map((process) => ({
      ...process,
      replicas: Math.min(process.replicas, replicas),
      cpuCores: Math.min(process.cpuCores, cpuCores),
      memoryMb: Math.min(process.memoryMb, memoryMb),
    })),
  };
}
