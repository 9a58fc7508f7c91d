import { sql, type Kysely, type RawBuilder } from 'kysely';
import type { ArtifactUse } from '../domain/retention.ts';
import type { DeploymentState } from '../domain/deployment-state.ts';
import type { ArtifactFacts, ArtifactKey } from '../engine/ports/retention-store.ts';
import type { Database } from './schema.ts';
import { isOneOf } from './state-literals.ts';

/** The image's id or the bundle's hash; as the index `deployment_of_artifact` has it. */
export function contentOf(alias: string): RawBuilder<string> {
  const column = sql.ref(`${alias}.artifact`);
  return sql<string>`coalesce(${column} ->> 'imageId', ${column} ->> 'bundle')`;
}

/** Who uses these artifacts; read from one snapshot where `db` is a transaction that has one. */
export async function readArtifactFacts(
  db: Kysely<Database>,
  artifacts: readonly ArtifactKey[],
  countTo: number,
): Promise<ReadonlyMap<string, ArtifactFacts>> {
  const ids = artifacts.map(({ id }) => id);
  const uses = await readUses(db, ids, countTo);
  const builds = await readBuilds(db, ids);
  const beingMade = await readBeingMade(db);
  return new Map(
    artifacts.map((artifact) => {
      const own = uses.filter(({ content }) => content === artifact.id);
      const built = builds.filter(({ content }) => content === artifact.id);
      return [artifact.id, factsOf(artifact, { own, built, beingMade })];
    }),
  );
}

interface Use {
  readonly content: string;
  readonly project: string;
  readonly environment: string;
  readonly newest: number;
  readonly aliveNumber: number | null;
  readonly aliveState: DeploymentState | null;
  readonly completed: number | null;
  readonly completedSince: number;
  readonly usedAt: string;
  readonly sizeBytes: number | null;
}

async function readUses(db: Kysely<Database>, ids: readonly string[], countTo: number): Promise<readonly Use[]> {
  const content = contentOf('d');
  const { rows } = await sql<Use>`
    with used as (
      select ${content} as content, d.environment_id, max(d.number) as newest,
        (array_agg(d.number order by d.number desc) filter (where ${isAlive}))[1] as alive_number,
        (array_agg(d.state order by d.number desc) filter (where ${isAlive}))[1] as alive_state,
        max(d.number) filter (where d.completed_at is not null) as completed,
        max(coalesce(d.finished_at, d.created_at)) as used_at,
        max((d.artifact ->> 'sizeBytes')::bigint) as size_bytes
      from deployment d
      where d.artifact is not null and ${content} = any(${ids}::text[])
      group by 1, 2
    )
    select u.content, p.name as project, e.name as environment, u.newest, u.alive_number as "aliveNumber",
      u.alive_state as "aliveState", u.completed, u.used_at as "usedAt", u.size_bytes as "sizeBytes",
      (
        select count(*) from (
          select 1 from deployment n
          where n.environment_id = u.environment_id and n.completed_at is not null and n.number > u.completed
            and n.id is distinct from e.current_deployment_id
          -- In this order the index is read from there on, and not the whole table.
          order by n.number limit ${countTo}
        ) as later
      ) as "completedSince"
    from used u join environment e on e.id = u.environment_id join project p on p.id = e.project_id
    order by u.newest desc, p.name, e.name`.execute(db);
  return rows;
}

const isAlive = sql`d.state not in ('failed', 'cancelled', 'stopped')`;

interface Build {
  readonly content: string;
  readonly projectId: string;
  readonly builtAt: string;
  readonly sizeBytes: number | null;
}

async function readBuilds(db: Kysely<Database>, ids: readonly string[]): Promise<readonly Build[]> {
  const { rows } = await sql<Build>`
    select ${contentOf('a')} as content, a.project_id as "projectId", a.created_at as "builtAt",
      (a.artifact ->> 'sizeBytes')::bigint as "sizeBytes"
    from artifact a where ${contentOf('a')} = any(${ids}::text[])`.execute(db);
  return rows;
}

interface BeingMade {
  readonly id: string;
  readonly projectId: string;
  readonly project: string;
  readonly number: number;
}

/** Deployments that will run an artifact which is not known yet. */
async function readBeingMade(db: Kysely<Database>): Promise<readonly BeingMade[]> {
  return db
    .selectFrom('deployment as d')
    .innerJoin('project as p', 'p.id', 'd.project_id')
    .select(['d.id', 'd.project_id as projectId', 'p.name as project', 'd.number'])
    .where(isOneOf('d.state', ['pending', 'running']))
    .where('d.artifact', 'is', null)
    .orderBy('d.created_at')
    .execute();
}

interface Found {
  readonly own: readonly Use[];
  readonly built: readonly Build[];
  readonly beingMade: readonly BeingMade[];
}

function factsOf({ type, deploymentId }: ArtifactKey, { own, built, beingMade }: Found): ArtifactFacts {
  const times = [...own.map(({ usedAt }) => usedAt), ...built.map(({ builtAt }) => builtAt)].map((at) =>
    Date.parse(at),
  );
  const projects = new Set(built.map(({ projectId }) => projectId));
  const awaiting = beingMade.find(
    // The same files make the same bundle, whoever builds them; an image is found again by what it was built from.
    ({ id, projectId }) => type === 'bundle' || id === deploymentId || projects.has(projectId),
  );
  return {
    uses: own.map(toUse),
    lastUsedAt: times.length === 0 ? null : Math.max(...times),
    sizeBytes: own[0]?.sizeBytes ?? built[0]?.sizeBytes ?? null,
    awaitedBy: awaiting === undefined ? null : { project: awaiting.project, number: awaiting.number },
  };
}

function toUse({ project, environment, newest, aliveNumber, aliveState, completed, completedSince }: Use): ArtifactUse {
  const alive = aliveNumber === null || aliveState === null ? null : { number: aliveNumber, state: aliveState };
  return { project, environment, newest, alive, completed, completedSince };
}
