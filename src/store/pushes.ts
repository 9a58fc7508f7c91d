import { sql, type Kysely } from 'kysely';
import { CutoverError } from '../domain/errors.ts';
import type { PushStore } from '../engine/ports/push-store.ts';
import { toJson, type Database } from './schema.ts';

const mostAtOnce = 1_000;

export function createPushStore(db: Kysely<Database>): PushStore {
  return {
    async record({ id, pushId, projectId, branch, before, commit, by }) {
      const { numAffectedRows } = await sql`
        insert into push (id, push_id, project_id, branch, before, commit, pushed_by)
        select ${id}::uuid, ${pushId}::uuid, p.id, ${branch}, ${before}, ${commit}, ${by}
        from project p where p.id = ${projectId} and not p.deleting`.execute(db);
      if (numAffectedRows !== 1n) throw new CutoverError('not_found', 'the project is being deleted');
    },
    async triggered(id, results) {
      await db
        .updateTable('push')
        .set({ results: toJson(results) })
        .where('id', '=', id)
        .execute();
    },
    async settled(id, outcome) {
      await db
        .updateTable('push')
        .set({ outcome, settled_at: sql`now()` })
        .where('id', '=', id)
        .where('settled_at', 'is', null)
        .execute();
    },
    async unsettled() {
      return db
        .selectFrom('push')
        .innerJoin('project', 'project.id', 'push.project_id')
        .select(['push.id', 'push.push_id as pushId', 'push.project_id as projectId', 'project.name as projectName'])
        .select(['push.branch', 'push.before', 'push.commit', 'push.pushed_by as by', 'push.results'])
        .where('push.settled_at', 'is', null)
        .orderBy('push.created_at')
        .limit(mostAtOnce)
        .execute();
    },
    async prune(settledDays) {
      await sql`delete from push where settled_at < now() - ${settledDays}::int * interval '1 day'`.execute(db);
    },
    async existing(projectIds) {
      if (projectIds.length === 0) return [];
      const rows = await db.selectFrom('project').select('id').where('id', 'in', projectIds).execute();
      return rows.map(({ id }) => id);
    },
  };
}
