import type { ConfigurationStore } from '../../../src/engine/ports/configuration-store.ts';
import type { DeploymentQueries, DeploymentStore, WorldStore } from '../../../src/engine/ports/deployment-store.ts';
import type { ObservationStore } from '../../../src/engine/ports/observation-store.ts';
import type { SleepStore } from '../../../src/engine/ports/sleep-store.ts';

/** The stores of one control plane over an empty database. */
export interface StoreHarness extends AsyncDisposable {
  readonly deployments: DeploymentStore;
  readonly queries: DeploymentQueries;
  readonly world: WorldStore;
  readonly observations: ObservationStore;
  readonly sleep: SleepStore;
  readonly configuration: ConfigurationStore;
  /** What sleeps there was to wake so often and did not come up, the last time so long ago. */
  failedToWake(environmentId: string, wakesFailed: number, agoMs: number): Promise<void>;
  /** A control plane of this number lives, and listens, until it is disposed of. Resolves when others see that. */
  openSession(owner: number, onWakeup?: (deploymentId: string) => void): Promise<AsyncDisposable>;
}

export type OpenHarness = () => Promise<StoreHarness>;
