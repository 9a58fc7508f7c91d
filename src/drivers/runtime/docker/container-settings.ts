import type { ContainerCreateOptions } from 'dockerode';
import type { InstanceSpec } from '../../../engine/ports/runtime.ts';
import { instanceLabels } from './labels.ts';
import { containerName, networkName } from './names.ts';
import { volumeMounts } from './volumes.ts';

/**
 * Ordinary images start as root, hand their files to a user of their own (CHOWN, FOWNER, FSETID, DAC_OVERRIDE), become that user
 * (SETUID, SETGID), signal their workers (KILL) and listen on port 80 (NET_BIND_SERVICE). Everything else is dropped: raw sockets,
 * device nodes, file capabilities, chroot.
 */
const capabilities = ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'KILL', 'NET_BIND_SERVICE', 'SETGID', 'SETUID'];

/** Threads count too; a fork bomb ends here and an ordinary app never does. */
const processLimit = 1024;

/**
 * Docker keeps this much of an instance's output; the platform's own log has the rest. A reader that falls behind by more than
 * one file loses lines (measured with 20.10: the engine writes faster than it reads), hence not smaller.
 */
const logLimits = { 'max-size': '64m', 'max-file': '2' };

export function containerSettings(platformId: string, spec: InstanceSpec): ContainerCreateOptions {
  const memoryBytes = spec.memoryMb * 1024 * 1024;
  return {
    name: containerName(platformId, spec),
    Image: spec.imageId,
    // A command given is the whole command: an entry point of the image would take it as its arguments. '' resets it.
    ...(spec.command === null ? {} : { Entrypoint: [''], Cmd: [...spec.command] }),
    Env: Object.entries(spec.variables).map(([name, value]) => `${name}=${value}`),
    Labels: instanceLabels(platformId, spec),
    StopTimeout: Math.ceil(spec.stopGraceMs / 1000),
    HostConfig: {
      NetworkMode: networkName(platformId, spec.project),
      Mounts: volumeMounts(platformId, spec),
      NanoCpus: Math.round(spec.cpuCores * 1e9),
      Memory: memoryBytes,
      // The same value as Memory: no swap.
      MemorySwap: memoryBytes,
      PidsLimit: processLimit,
      CapDrop: ['ALL'],
      CapAdd: capabilities,
      SecurityOpt: ['no-new-privileges'],
      // Reaps zombies and makes SIGTERM work for programs that do not expect to be process 1.
      Init: true,
      // At the gate an exit is a verdict; `keepAlive` changes this.
      RestartPolicy: { Name: 'no' },
      LogConfig: { Type: 'json-file', Config: logLimits },
    },
  };
}
