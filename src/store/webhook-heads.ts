import { createHash } from 'node:crypto';
import type { Kysely } from 'kysely';
import { isOlderPush, movedHead, type BranchHead } from '../domain/push-order.ts';
import type { RepositoryEvent } from '../domain/repository-event.ts';
import { toJson, type Database } from './schema.ts';

/** Of whom it is told where their branches are. */
export interface HeadsOwner {
  readonly hookId: string;
  readonly queue: string;
}

/** By the names of their branches: of those that the events are about, and that were told of before. */
export async function readHeads(
  db: Kysely<Database>,
  { queue }: HeadsOwner,
  events: readonly RepositoryEvent[],
): Promise<ReadonlyMap<string, BranchHead>> {
  const branches = events.flatMap((event) => (event.kind === 'push' ? [event.branch] : []));
  if (branches.length === 0) return new Map();
  const names = new Map(branches.map((branch) => [lineOf(queue, branch), branch]));
  const rows = await db
    .selectFrom('webhook_head')
    .selectAll()
    .where('line', 'in', [...names.keys()])
    .execute();
  return new Map(rows.map(({ line, commit, past }) => [names.get(line) ?? '', { commit, past }]));
}

/** Where the branches are after the events. What is older than what is known changes nothing; what was deleted is forgotten. */
export async function moveHeads(
  db: Kysely<Database>,
  owner: HeadsOwner,
  events: readonly RepositoryEvent[],
): Promise<void> {
  for (const event of events) {
    if (event.kind === 'branch-deleted')
      await db.deleteFrom('webhook_head').where('line', '=', lineOf(owner.queue, event.branch)).execute();
    if (event.kind !== 'push') continue;
    const head = (await readHeads(db, owner, [event])).get(event.branch) ?? null;
    if (!isOlderPush(event, head, false)) await keepHead(db, owner, event.branch, movedHead(event, head));
  }
}

async function keepHead(
  db: Kysely<Database>,
  { hookId, queue }: HeadsOwner,
  branch: string,
  head: BranchHead,
): Promise<void> {
  const moved = { commit: head.commit, past: toJson(head.past) };
  await db
    .insertInto('webhook_head')
    .values({ line: lineOf(queue, branch), webhook_id: hookId, ...moved })
    .onConflict((conflict) => conflict.column('line').doUpdateSet(moved))
    .execute();
}

/** Both together are longer than an index takes. */
function lineOf(queue: string, branch: string): string {
  return createHash('sha256').update(`${queue}\0${branch}`).digest('hex');
}
