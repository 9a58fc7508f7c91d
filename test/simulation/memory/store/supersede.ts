import { lineOf } from '../../../../src/domain/source.ts';
import type { Transaction } from './transaction.ts';
import { cancelPending } from './want-deployment.ts';

interface Waiting {
  readonly environmentId: string;
  /** Only those of the branch, and no rollback; null: everything that waits. */
  readonly branch: string | null;
  /** What the platform goes back from by itself is still gone back from. */
  readonly sparesAutomatic?: true;
}

/** Cancels what waits in the environment, because something newer takes its place (rule 2.4). */
export function supersede(tx: Transaction, { environmentId, branch, sparesAutomatic }: Waiting, reason: string): void {
  for (const row of tx.db.deployments.where('live', environmentId)) {
    const { id, state, kind, source, origin } = row.deployment;
    if (state !== 'pending') continue;
    if (sparesAutomatic === true && origin?.kind === 'rollback' && origin.automatic) continue;
    if (branch !== null && (kind === 'rollback' || lineOf(source) !== branch)) continue;
    cancelPending(tx, row, reason);
    tx.db.tell(id);
  }
}
