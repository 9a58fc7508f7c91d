import { sql, type Kysely } from 'kysely';
import { selectDeployments, type DeploymentRow } from './deployment-rows.ts';
import type { Database } from './schema.ts';

/** What can change without a change of the deployment's own row, and which version of that there is. */
interface Head extends Pick<DeploymentRow, 'id' | 'project_name' | 'environment_name' | 'serves'> {
  readonly version: string;
}

/** As many are fetched at once. */
const atOnce = 1_000;

/**
 * Every deployment that is not over. They are as many as there are environments, and most are as they were when they were read before: only
 * rows of which there is a new version are read again.
 */
export class LiveDeployments {
  #known: ReadonlyMap<string, { readonly version: string; readonly row: DeploymentRow }> = new Map();

  /** `db`: a transaction that sees one state of the database. */
  async read(db: Kysely<Database>): Promise<readonly DeploymentRow[]> {
    const heads = await readHeads(db);
    const stale = heads.filter(({ id, version }) => this.#known.get(id)?.version !== version).map(({ id }) => id);
    const fresh = new Map<string, DeploymentRow>();
    for (let at = 0; at < stale.length; at += atOnce)
      for (const row of await readRows(db, stale.slice(at, at + atOnce))) fresh.set(row.id, row);
    const known = heads.flatMap(({ version, ...head }) => {
      const row = fresh.get(head.id) ?? this.#known.get(head.id)?.row;
      return row === undefined ? [] : [{ version, row: { ...row, ...head } }];
    });
    this.#known = new Map(known.map((one) => [one.row.id, one]));
    return known.map(({ row }) => row);
  }
}

async function readHeads(db: Kysely<Database>): Promise<readonly Head[]> {
  return (
    db
      .selectFrom('deployment as d')
      .innerJoin('project as p', 'p.id', 'd.project_id')
      .innerJoin('environment as e', 'e.id', 'd.environment_id')
      .select(['d.id', 'p.name as project_name', 'e.name as environment_name'])
      .select(sql<boolean>`coalesce(e.current_deployment_id = d.id, false)`.as('serves'))
      // Who wrote it, and where it stands: no two versions of a row have both in common.
      .select(sql<string>`d.xmin::text || ' ' || d.ctid::text`.as('version'))
      .where(sql<boolean>`d.state not in ('failed', 'cancelled', 'stopped')`)
      .execute()
  );
}

async function readRows(db: Kysely<Database>, ids: readonly string[]): Promise<readonly DeploymentRow[]> {
  return selectDeployments(db)
    .where(sql<boolean>`d.id = any(${ids}::uuid[])`)
    .execute();
}
