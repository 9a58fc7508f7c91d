import type { DeploymentRecord, EnvironmentRoute } from '../ports/deployment-store.ts';

/** What a deployment finds in its environment beside itself. */
export interface Surroundings {
  /** null: the environment was erased. */
  readonly route: EnvironmentRoute | null;
  /** Every other version that has instances or serves. */
  readonly predecessors: readonly DeploymentRecord[];
}
