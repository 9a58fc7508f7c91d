import { CutoverError } from '../../../../src/domain/errors.ts';
import { nothingMeasured } from '../../../../src/domain/measurements.ts';
import { nothingRemoved } from '../../../../src/domain/past-deployment.ts';
import { lineOf } from '../../../../src/domain/source.ts';
import type { NewDeploymentRecord } from '../../../../src/engine/ports/deployment-store.ts';
import { answeredBefore, rememberAnswer } from './idempotency.ts';
import type { DeploymentRow, EnvironmentRow, ProjectRow } from './rows.ts';
import { wantAwake } from './sleep.ts';
import { supersede } from './supersede.ts';
import { appendTimeline, isoTime, type Transaction } from './transaction.ts';
import { wantCancelled } from './want-deployment.ts';

/** Records a trigger with everything that follows from it, or nothing. */
export function createDeployment(
  tx: Transaction,
  input: NewDeploymentRecord,
): { readonly deploymentId: string; readonly replayed: boolean } {
  const { db } = tx;
  const project = db.projects.get(input.projectId);
  if (project === undefined || project.deleting) throw new CutoverError('not_found', 'the project is being deleted');
  const earlier = replay(tx, input);
  if (earlier !== null) return { deploymentId: earlier, replayed: true };
  refuseWhereHeld(tx, input);
  const number = project.lastNumber + 1;
  makeWay(tx, input, number);
  const environment = db.environments.get(input.environmentId);
  if (environment === undefined || environment.deleting) {
    throw new CutoverError('not_found', 'the environment is being deleted');
  }
  insert(tx, input, { project, environment, number });
  wantAwake(tx, input.environmentId);
  db.tell(input.id);
  return { deploymentId: input.id, replayed: false };
}

function replay({ db }: Transaction, { onceKey, idempotency }: NewDeploymentRecord): string | null {
  const [once] = onceKey === null ? [] : db.deployments.where('once', onceKey);
  return once?.deployment.id ?? answeredBefore(db, idempotency);
}

/** What a push triggers is not deployed while somebody wants an earlier version (rule 5.7). */
function refuseWhereHeld({ db }: Transaction, { environmentId, trigger }: NewDeploymentRecord): void {
  const environment = db.environments.get(environmentId)?.environment;
  const held = environment?.autoDeployHeld ?? null;
  if (trigger.kind === 'push' && held !== null)
    throw new CutoverError('auto_deploy_held', `auto-deploy of ${environment?.name} is held: ${held}`);
}

/** What is made clears away what it replaces (rule 2.4). An automatic rollback replaces nothing: what waits is probably the fix. */
function makeWay(tx: Transaction, input: NewDeploymentRecord, number: number): void {
  if (isAutomaticRollback(input)) return;
  const branch = clearsTheWay(input) ? null : lineOf(input.source);
  supersede(tx, { environmentId: input.environmentId, branch }, `superseded by #${number}`);
  if (clearsTheWay(input)) cancelRunning(tx, input, number);
}

function clearsTheWay(input: NewDeploymentRecord): boolean {
  return input.kind === 'rollback' && !isAutomaticRollback(input);
}

function isAutomaticRollback({ origin }: NewDeploymentRecord): boolean {
  return origin?.kind === 'rollback' && origin.automatic;
}

/** What runs, and has not started an instance yet. */
function cancelRunning(tx: Transaction, { environmentId }: NewDeploymentRecord, number: number): void {
  for (const row of tx.db.deployments.where('live', environmentId)) {
    if (row.deployment.state !== 'running') continue;
    wantCancelled(tx, row, `superseded by rollback #${number}`);
    tx.db.tell(row.deployment.id);
  }
}

interface Place {
  readonly project: ProjectRow;
  readonly environment: EnvironmentRow;
  readonly number: number;
}

function insert(tx: Transaction, input: NewDeploymentRecord, { project, environment, number }: Place): void {
  const { db } = tx;
  db.projects.put(input.projectId, { ...project, lastNumber: number });
  const row = newRow(tx, input, { project, environment, number });
  db.deployments.put(input.id, row);
  rememberAnswer(db, input.idempotency, input.id);
  if (input.autoDeployHeld !== undefined) {
    const held = { ...environment.environment, autoDeployHeld: input.autoDeployHeld };
    db.environments.put(input.environmentId, { ...environment, environment: held });
  }
  appendTimeline(tx, row, [{ kind: 'state.changed', from: null, to: 'pending', reason: null }]);
}

function newRow(
  { db, now }: Transaction,
  input: NewDeploymentRecord,
  { project, environment, number }: Place,
): DeploymentRow {
  const { id, projectId, environmentId, kind, origin, source, trigger, configuration, artifact } = input;
  return {
    deployment: {
      id,
      projectId,
      environmentId,
      number,
      kind,
      origin,
      source,
      trigger,
      configuration,
      artifact,
      projectName: project.project.name,
      environmentName: environment.environment.name,
      state: 'pending',
      reason: null,
      failure: null,
      requests: null,
      measurements: nothingMeasured,
      pausedFrom: null,
      createdAt: isoTime(now),
      startedAt: null,
      readyAt: null,
      completedAt: null,
      finishedAt: null,
      removed: nothingRemoved,
    },
    jobs: input.jobs
      .map((job) => ({ ...job, status: 'pending' as const, error: null, startedAt: null, endedAt: null }))
      .toSorted((a, b) => a.order - b.order),
    sealedVariables: input.sealedVariables,
    onceKey: input.onceKey,
    production: environment.environment.name === 'production',
    serial: db.nextSerial(),
    createdAt: now,
    ...nobodyLeads,
    notBefore: now,
  };
}

const nobodyLeads = {
  counterBaseline: null,
  verdict: null,
  want: null,
  wantedBy: null,
  wantedVerdict: null,
  acting: false,
  fence: null,
  epoch: 0,
  leaseOwner: null,
  leaseUntil: null,
} as const;
