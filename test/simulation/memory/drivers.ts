import type { Clock } from '../../../src/engine/ports/clock.ts';
import type { Ports } from '../../../src/engine/ports/ports.ts';
import type { Random } from '../../../src/engine/ports/random.ts';
import type { SecretBox } from '../../../src/engine/ports/secret-box.ts';
import { MemoryBuilder } from './build/memory-builder.ts';
import { MemoryAppConfig, MemoryPlanner } from './build/memory-planner.ts';
import { MemorySource } from './build/memory-source.ts';
import { MemoryStaticFiles } from './build/memory-static-files.ts';
import { MemoryLogs } from './memory-logs.ts';
import { MemoryProber } from './memory-prober.ts';
import { MemorySecretBox } from './memory-secret-box.ts';
import { MemoryUploads } from './memory-uploads.ts';
import { MemoryImageIntake } from './runtime/memory-image-intake.ts';
import { MemoryRuntime } from './runtime/memory-runtime.ts';
import type { Caller } from './runtime/reach.ts';
import { MemoryRouter } from './traffic/memory-router.ts';
import type { MemoryWorld } from './world.ts';

export interface MemoryDriversOptions {
  /** Of the control plane: its own waiting, between the steps of what it does. */
  readonly clock: Clock;
  readonly random: Random;
  /** Aborted when the control plane dies: of what it does in several steps, those that are left are never done. Default: it lives. */
  readonly life?: AbortSignal;
  /** Default: one that opens whatever another default one has sealed. */
  readonly secretBox?: SecretBox;
}

const forEver = new AbortController().signal;

/** The ports of one control plane that works on the world. */
export function memoryDrivers(
  world: MemoryWorld,
  { clock, random, life = forEver, secretBox = new MemorySecretBox() }: MemoryDriversOptions,
): Omit<Ports, 'deployments' | 'clock'> {
  const caller: Caller = { clock, life };

  return {
    runtime: new MemoryRuntime(world, caller),
    router: new MemoryRouter(world.router, caller),
    prober: new MemoryProber({ endpoints: world.endpoints, staticEndpoint: world.bundles.lookup, clock }),
    source: new MemorySource(world, caller),
    planner: new MemoryPlanner(world.checkouts),
    builder: new MemoryBuilder(world, caller),
    appConfig: new MemoryAppConfig(world.checkouts),
    staticFiles: new MemoryStaticFiles(world, caller),
    imageIntake: new MemoryImageIntake(world, caller),
    uploads: new MemoryUploads(world.uploads, { ...caller, random }),
    logs: new MemoryLogs(world.logs, caller),
    random,
    secretBox,
  };
}
