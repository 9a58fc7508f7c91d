import type { AppConfigReader } from './app-config-reader.ts';
import type { Builder, Planner } from './builder.ts';
import type { MachineClock } from './clock.ts';
import type { DeploymentStore } from './deployment-store.ts';
import type { ImageIntake } from './image-intake.ts';
import type { Logs } from './logs.ts';
import type { Prober } from './prober.ts';
import type { Random } from './random.ts';
import type { Router } from './router.ts';
import type { Runtime } from './runtime.ts';
import type { SecretBox } from './secret-box.ts';
import type { Source } from './source.ts';
import type { StaticFiles } from './static-files.ts';
import type { Uploads } from './uploads.ts';

/** Everything the engine needs of the world. */
export interface Ports {
  readonly runtime: Runtime;
  readonly router: Router;
  readonly source: Source;
  readonly planner: Planner;
  readonly builder: Builder;
  readonly appConfig: AppConfigReader;
  readonly staticFiles: StaticFiles;
  readonly imageIntake: ImageIntake;
  readonly uploads: Uploads;
  readonly prober: Prober;
  readonly logs: Logs;
  readonly clock: MachineClock;
  readonly random: Random;
  readonly secretBox: SecretBox;
  readonly deployments: DeploymentStore;
}

/** Where the control plane tells its operators what it did; structured, without secrets. */
export interface OperatorLog {
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
}
