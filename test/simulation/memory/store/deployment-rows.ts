import type { DeploymentState } from '../../../../src/domain/deployment-state.ts';
import type { Deployment } from '../../../../src/domain/deployment.ts';
import type { MemoryDatabase } from './database.ts';
import type { DeploymentRow } from './rows.ts';

/** Columns of the row, and of the deployment in it. */
export type DeploymentChange = Partial<Omit<DeploymentRow, 'deployment'>> & {
  readonly deployment?: Partial<Deployment>;
};

/** Whatever the row was when it was read: the change is made to what it is now. */
export function changeDeployment(
  db: MemoryDatabase,
  { deployment: { id } }: DeploymentRow,
  { deployment, ...columns }: DeploymentChange,
): void {
  const row = db.deployments.get(id);
  if (row === undefined) return;
  const changed = deployment === undefined ? row.deployment : { ...row.deployment, ...deployment };
  db.deployments.put(id, { ...row, ...columns, deployment: changed });
}

/** It is the environment's current one. */
export function serves(db: MemoryDatabase, { deployment }: DeploymentRow): boolean {
  return db.environments.get(deployment.environmentId)?.environment.currentDeploymentId === deployment.id;
}

const ledStates: ReadonlySet<DeploymentState> = new Set<DeploymentState>(['running', 'deploying', 'ready']);

/** Somebody leads it, or is to lead it again, and it has its fence. */
export function isLed({ acting, deployment }: DeploymentRow): boolean {
  return acting || ledStates.has(deployment.state);
}

/** It has the right to change what serves in its environment; at most one has. */
export function isActive(row: DeploymentRow): boolean {
  const { state, pausedFrom } = row.deployment;
  return isLed(row) || (state === 'paused' && (pausedFrom === 'deploying' || pausedFrom === 'ready'));
}

export function otherActive(db: MemoryDatabase, { deployment }: DeploymentRow): DeploymentRow | null {
  const live = db.deployments.where('live', deployment.environmentId);
  return live.find((other) => other.deployment.id !== deployment.id && isActive(other)) ?? null;
}

export function byNumber(a: DeploymentRow, b: DeploymentRow): number {
  return a.deployment.number - b.deployment.number;
}

/** The order in which they are served: what is led, production, rollbacks, and then the older one. */
export function byUrgency(a: DeploymentRow, b: DeploymentRow): number {
  return (
    Number(isPending(a)) - Number(isPending(b)) ||
    Number(b.production) - Number(a.production) ||
    Number(b.deployment.kind === 'rollback') - Number(a.deployment.kind === 'rollback') ||
    a.createdAt - b.createdAt ||
    a.serial - b.serial
  );
}

export function isPending({ deployment }: DeploymentRow): boolean {
  return deployment.state === 'pending';
}
