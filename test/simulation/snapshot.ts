import { awaitedUpload } from '../../src/domain/source.ts';
import { isFinal, type DeploymentState } from '../../src/domain/deployment-state.ts';
import type {
  AcceptedTrigger,
  DeploymentSnapshot,
  EnvironmentSnapshot,
  InstanceSnapshot,
  PlatformSnapshot,
} from '../../src/domain/platform-snapshot.ts';
import type { RecordedEntry } from '../../src/engine/ports/recorded-entry.ts';
import type { MemoryDatabase } from './memory/store/database.ts';
import { isActive } from './memory/store/deployment-rows.ts';
import type { DeploymentRow } from './memory/store/rows.ts';
import { isAbandoned } from './memory/store/transaction.ts';

/** What exists, as whoever looks at the machine from outside sees it. */
export type Existing = Pick<
  PlatformSnapshot,
  'servers' | 'routes' | 'containers' | 'networks' | 'workTrees' | 'uploads'
>;

interface Moment {
  /** Monotonic. */
  readonly at: number;
  /** Of the database's clock. */
  readonly now: number;
}

/** Of those that are over only what was triggered is told of, for whether it ended, and once. */
export function takeSnapshot(
  database: MemoryDatabase,
  existing: Existing,
  { at, now, triggers }: Moment & { readonly triggers: readonly AcceptedTrigger[] },
): PlatformSnapshot {
  return {
    at,
    projects: database.projects.all().map(({ project }) => project.name),
    environments: database.environments.all().map((row) => environmentOf(database, row)),
    deployments: database.deployments.all().map((row) => deploymentOf(database, row, now)),
    triggers,
    slots: database.slots.all().map(({ number, deploymentId }) => ({ slot: number, deploymentId })),
    ...existing,
  };
}

function environmentOf(
  database: MemoryDatabase,
  { environment, deleting }: ReturnType<MemoryDatabase['environments']['all']>[number],
): EnvironmentSnapshot {
  const { id, name, hosts, projectId, currentDeploymentId } = environment;
  const project = database.projects.get(projectId)?.project.name ?? projectId;
  return {
    id,
    name: `${project}/${name}`,
    deleting,
    hosts,
    currentIds: currentDeploymentId === null ? [] : [currentDeploymentId],
    route: database.routes.get(id)?.target ?? null,
  };
}

function deploymentOf(database: MemoryDatabase, row: DeploymentRow, now: number): DeploymentSnapshot {
  const { id, environmentId, projectName, number, state, artifact } = row.deployment;
  const timeline = database.timelines.get(id) ?? [];
  const over = isFinal(state);
  return {
    id,
    environmentId,
    name: `${projectName} #${number}`,
    state,
    outcomes: outcomesOf(timeline),
    active: isActive(row),
    held: state === 'paused' && !row.acting && row.want === null,
    led: row.notBefore > now || !isAbandoned({ db: database, now }, { owner: row.leaseOwner, until: row.leaseUntil }),
    idleMs: now - Date.parse(timeline.at(-1)?.at ?? row.deployment.createdAt),
    bundle: artifact?.type === 'bundle' ? artifact.bundle : null,
    upload: over ? null : awaitedUpload(row.deployment),
    instances: over ? [] : instancesOf(database, id, timeline),
  };
}

function outcomesOf(timeline: readonly RecordedEntry[]): readonly DeploymentState[] {
  const outcomes: DeploymentState[] = [];
  for (const { entry } of timeline) if (entry.kind === 'state.changed' && isFinal(entry.to)) outcomes.push(entry.to);
  return outcomes;
}

function instancesOf(
  database: MemoryDatabase,
  deploymentId: string,
  timeline: readonly RecordedEntry[],
): readonly InstanceSnapshot[] {
  const own = database.instances.where('deployment', deploymentId);
  return own
    .filter(({ phase }) => phase !== 'stopped' && phase !== 'failed')
    .map(({ id, process, ordinal, phase, crashedAt, address, port, startedBy }) => ({
      id,
      process,
      ordinal,
      phase,
      passed:
        startedBy !== deploymentId ||
        timeline.some(
          ({ entry }) =>
            entry.kind === 'gate.passed' && entry.ordinal === ordinal && (entry.process ?? 'web') === process,
        ),
      crashed: crashedAt !== null,
      address,
      port,
    }));
}
