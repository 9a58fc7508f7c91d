import { isFinal } from '../../../../src/domain/deployment-state.ts';
import type { Instance } from '../../../../src/domain/deployment.ts';
import type { RecordedEntry } from '../../../../src/engine/ports/recorded-entry.ts';
import { RowLocks } from './row-locks.ts';
import type {
  ArtifactRow,
  CredentialRow,
  RegistryRow,
  DeploymentRow,
  EnvironmentRow,
  IdempotencyRow,
  ObservationRow,
  ProjectRow,
  RouteRow,
  SlotRow,
  StepRow,
  TokenRow,
  VariableRow,
} from './rows.ts';
import { Sessions } from './sessions.ts';
import { Table } from './table.ts';

/**
 * What PostgreSQL is to the real stores: outlives every control plane, and is shared by all of them. Tables may be read by whoever
 * checks what is in them; only the stores write.
 */
export class MemoryDatabase {
  readonly #undo: (() => void)[] = [];
  readonly #told = new Set<string>();
  #serial = 0;

  /** How long what may sleep must not have been used; null: nothing sleeps. */
  sleepAfterMs: number | null = null;

  readonly sessions = new Sessions();
  readonly slotLocks = new RowLocks();
  readonly instanceLocks = new RowLocks<string>();
  /** Of projects and environments that are being deleted, by id. */
  readonly deletionLocks = new RowLocks<string>();
  /** The table of tokens, in which the first one is made by one process; its only number is 0. */
  readonly tokenLock = new RowLocks();

  readonly projects = new Table(this.#undo, { name: (row: ProjectRow) => row.project.name });
  readonly environments = new Table(this.#undo, { project: (row: EnvironmentRow) => row.environment.projectId });
  /** Host → id of its environment. */
  readonly hosts = new Table<string>(this.#undo, {});
  readonly variables = new Table(this.#undo, { project: (row: VariableRow) => row.scope.projectId });
  /** By project. */
  readonly credentials = new Table<CredentialRow>(this.#undo, {});
  /** By project and host. */
  readonly registries = new Table(this.#undo, { project: (row: RegistryRow) => row.projectId });
  readonly tokens = new Table(this.#undo, { secret: (row: TokenRow) => row.secretHash });

  /** `live`: those that are not over, by environment. */
  readonly deployments = new Table(this.#undo, {
    environment: ({ deployment }: DeploymentRow) => deployment.environmentId,
    project: ({ deployment }: DeploymentRow) => deployment.projectId,
    live: ({ deployment }: DeploymentRow) => (isFinal(deployment.state) ? null : deployment.environmentId),
    once: ({ onceKey }: DeploymentRow) => onceKey,
  });
  readonly instances = new Table(this.#undo, { deployment: (row: Instance) => row.deploymentId });
  /** By number. */
  readonly slots = new Table(this.#undo, { deployment: (row: SlotRow) => row.deploymentId });
  /** By environment. */
  readonly routes = new Table<RouteRow>(this.#undo, {});
  /** By deployment; `open`: by environment. */
  readonly observations = new Table(this.#undo, {
    environment: (row: ObservationRow) => row.environmentId,
    open: (row: ObservationRow) => (row.closedAt === null ? row.environmentId : null),
  });
  /** By deployment, oldest first. */
  readonly timelines = new Table<readonly RecordedEntry[]>(this.#undo, {});
  /** The journal: by deployment, in the order the steps were begun. */
  readonly steps = new Table<readonly StepRow[]>(this.#undo, {});
  /** By image key. */
  readonly artifacts = new Table(this.#undo, { project: (row: ArtifactRow) => row.projectId });
  /** By token and key. */
  readonly idempotency = new Table(this.#undo, { deployment: (row: IdempotencyRow) => row.deploymentId });

  /** Ascending over everything. */
  nextSerial(): number {
    this.#serial += 1;
    return this.#serial;
  }

  /** Tells every control plane, when the transaction is through, that there may be something to do or to show. */
  tell(deploymentId: string): void {
    this.#told.add(deploymentId);
  }

  /** All that `work` changes, or nothing of it. */
  atomically<T>(work: () => T): T {
    try {
      const result = work();
      for (const deploymentId of this.#told) this.sessions.tell(deploymentId);
      return result;
    } catch (error) {
      while (this.#undo.length > 0) this.#undo.pop()?.();
      throw error;
    } finally {
      // Emptying makes a new one, also of one that is empty.
      if (this.#undo.length > 0) this.#undo.length = 0;
      if (this.#told.size > 0) this.#told.clear();
    }
  }

  /** The session of an owner is gone, with everything that its transactions held: all that is seen of a crash. */
  endSession(owner: number): void {
    this.sessions.end(owner);
    this.slotLocks.giveBackAll(owner);
    this.instanceLocks.giveBackAll(owner);
    this.deletionLocks.giveBackAll(owner);
    this.tokenLock.giveBackAll(owner);
  }
}
