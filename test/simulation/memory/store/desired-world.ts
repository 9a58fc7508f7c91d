import type { DesiredDeployment, DesiredWorld } from '../../../../src/engine/ports/deployment-store.ts';
import type { MemoryDatabase } from './database.ts';
import { instancesOf, slotOf } from './deployment-records.ts';
import { isActive, serves } from './deployment-rows.ts';
import type { DeploymentRow } from './rows.ts';
import type { Transaction } from './transaction.ts';

export function readDesired({ db }: Transaction): DesiredWorld {
  const standbys = standbysOf(db);
  return {
    routes: db.environments
      .all()
      .filter(({ deleting }) => !deleting)
      .map(({ environment: { id, hosts } }) => ({
        environmentId: id,
        hosts,
        target: db.routes.get(id)?.target ?? null,
        guard: null,
      })),
    slots: db.slots.all().map(({ number, deploymentId }) => ({ slot: number, deploymentId })),
    deployments: db.deployments.groups('live').flatMap((environmentId) => {
      const live = db.deployments.where('live', environmentId);
      const busy = live.some(isActive);
      return live.map((row) => toDesired(db, row, { busy, standbys }));
    }),
  };
}

/** By the deployment that is observed. */
function standbysOf({ observations }: MemoryDatabase): ReadonlyMap<string, string | null> {
  const open = observations.groups('open').flatMap((environmentId) => observations.where('open', environmentId));
  return new Map(open.map(({ deploymentId, standbyId }) => [deploymentId, standbyId]));
}

/** What keeps a version running that does not serve. */
interface Needed {
  /** Something is being rolled out in its environment. */
  readonly busy: boolean;
  readonly standbys: ReadonlyMap<string, string | null>;
}

function toDesired(db: MemoryDatabase, row: DeploymentRow, needed: Needed): DesiredDeployment {
  const { deployment, sealedVariables } = row;
  return {
    deployment,
    role: roleOf(db, row, needed),
    standbyId: needed.standbys.get(deployment.id) ?? null,
    slot: slotOf(db, deployment.id),
    sealedVariables,
    instances: instancesOf(db, deployment.id).filter(({ phase }) => phase !== 'stopped' && phase !== 'failed'),
  };
}

function roleOf(db: MemoryDatabase, row: DeploymentRow, { busy, standbys }: Needed): DesiredDeployment['role'] {
  if (row.deployment.state !== 'completed' || serves(db, row)) return 'serves';
  // Whoever is being rolled out may have to go back to what served before.
  return busy || [...standbys.values()].includes(row.deployment.id) ? 'standby' : 'left';
}
