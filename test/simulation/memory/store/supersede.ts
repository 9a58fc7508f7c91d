import type { Transaction } from './transaction.ts';
import { cancelPending } from './want-deployment.ts';

interface Waiting {
  readonly environmentId: string;
  /** Only those of the branch, and no rollback; null: everything that waits. */
  readonly branch: string | null;
}

/** Cancels what waits in the environment, because something newer takes its place (rule 2.4). */
export function supersede(tx: Transaction, { environmentId, branch }: Waiting, reason: string): void {
  for (const row of tx.db.deployments.where('live', environmentId)) {
    const { id, state, kind, source } = row.deployment;
    if (state !== 'pending') continue;
    if (branch !== null && (kind === 'rollback' || source.branch !== branch)) continue;
    cancelPending(tx, row, reason);
    tx.db.tell(id);
  }
}
