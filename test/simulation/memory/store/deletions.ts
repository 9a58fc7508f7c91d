import type { Deletion } from '../../../../src/engine/ports/deployment-store.ts';
import type { MemoryDatabase } from './database.ts';
import { changeDeployment, isLed, isPending } from './deployment-rows.ts';
import type { DeploymentRow, EnvironmentRow, ProjectRow } from './rows.ts';
import type { Transaction } from './transaction.ts';
import { cancelPending } from './want-deployment.ts';

export function readDeletions({ db }: Transaction): readonly Deletion[] {
  const projects = db.projects.all();
  return [
    ...projects.filter(({ deleting }) => deleting).map((row) => ofProject(db, row)),
    ...projects
      .filter(({ deleting }) => !deleting)
      .flatMap(({ project }) =>
        db.environments
          .where('project', project.id)
          .filter(({ deleting }) => deleting)
          .map(({ environment }) => ({
            kind: 'environment' as const,
            id: environment.id,
            projectId: project.id,
            projectName: project.name,
            environmentName: environment.name,
            deployments: db.deployments.where('environment', environment.id).map(idOf),
            hosts: environment.hosts,
          })),
      ),
  ];
}

function ofProject(db: MemoryDatabase, { project: { id, name } }: ProjectRow): Deletion {
  return {
    kind: 'project',
    id,
    projectId: id,
    projectName: name,
    environmentName: null,
    deployments: db.deployments.where('project', id).map(idOf),
    hosts: db.environments.where('project', id).flatMap(({ environment }) => environment.hosts),
  };
}

function idOf({ deployment }: DeploymentRow): string {
  return deployment.id;
}

/** What waits is cancelled, what is led is told; returns how many are still led or to be led. */
export function askToEnd(tx: Transaction, { kind, id }: Deletion): number {
  const { db } = tx;
  let led = 0;
  for (const row of db.deployments.where(kind, id)) {
    if (isPending(row)) cancelPending(tx, row, 'deleted');
    else if (isLed(row)) {
      led += 1;
      changeDeployment(db, row, { want: 'delete' });
    } else {
      // Nobody leads these, and nobody is to begin.
      dropWish(db, row);
      continue;
    }
    db.tell(row.deployment.id);
  }
  return led;
}

function dropWish(db: MemoryDatabase, row: DeploymentRow): void {
  const { state } = row.deployment;
  if (row.want !== null && (state === 'paused' || state === 'completed'))
    changeDeployment(db, row, { want: null, wantedBy: null });
}

/** With everything that belongs to it but slots: those are freed when they are cleared. */
export function erase(db: MemoryDatabase, { kind, id }: Deletion): void {
  if (kind === 'project') {
    for (const { environment } of db.environments.where('project', id)) eraseEnvironment(db, environment.id);
    for (const key of db.artifacts.keysWhere('project', id)) db.artifacts.delete(key);
    for (const key of db.variables.keysWhere('project', id)) db.variables.delete(key);
    if (db.credentials.get(id) !== undefined) db.credentials.delete(id);
    for (const key of db.registries.keysWhere('project', id)) db.registries.delete(key);
    db.projects.delete(id);
  } else eraseEnvironment(db, id);
}

function eraseEnvironment(db: MemoryDatabase, id: string): void {
  const row: EnvironmentRow | undefined = db.environments.get(id);
  if (row === undefined) return;
  const { projectId, hosts } = row.environment;
  for (const { deployment } of db.deployments.where('environment', id)) eraseDeployment(db, deployment.id);
  for (const host of hosts) db.hosts.delete(host);
  for (const { scope, variable } of db.variables.where('project', projectId))
    if (scope.environmentId === id) db.variables.delete(variable.id);
  db.routes.delete(id);
  db.environments.delete(id);
}

function eraseDeployment(db: MemoryDatabase, id: string): void {
  for (const key of db.instances.keysWhere('deployment', id)) db.instances.delete(key);
  for (const key of db.idempotency.keysWhere('deployment', id)) db.idempotency.delete(key);
  db.observations.delete(id);
  db.timelines.delete(id);
  db.steps.delete(id);
  db.deployments.delete(id);
}
