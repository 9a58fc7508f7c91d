import { defaultEnvironmentSettings } from '../../src/domain/environment-settings.ts';
import type { InstanceSpec } from '../../src/engine/ports/runtime.ts';

/** An instance as the platform starts it where nothing is set, but for the time that it is given to stop. */
export function benchInstance(of: Readonly<Record<'instanceId' | 'project' | 'imageId', string>>): InstanceSpec {
  const { cpuCores, memoryMb } = defaultEnvironmentSettings;
  return {
    ...of,
    environment: 'production',
    deploymentId: of.instanceId,
    deploymentNumber: 1,
    process: 'web',
    ordinal: 1,
    command: null,
    variables: { PORT: '3000', HOST: '0.0.0.0' },
    port: 3000,
    cpuCores,
    memoryMb,
    stopGraceMs: 0,
    volumes: [],
  };
}
