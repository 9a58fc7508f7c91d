import { sql, type Kysely } from 'kysely';
import type { Artifact } from '../../domain/artifact.ts';
import { contentOf } from '../artifact-facts.ts';
import type { Database } from '../schema.ts';

/** One artifact in one environment: the newest deployment of it there. */
export interface ArtifactUse {
  readonly artifact: Artifact;
  readonly project: string;
  readonly environment: string;
  readonly number: number;
  /** 40 hex digits; null where it is not known. */
  readonly commit: string | null;
  /** It has the environment's traffic. */
  readonly serves: boolean;
  /** Names of the volumes it mounts, where it serves. */
  readonly volumes: readonly string[];
}

/** Of every deployment that has one, also where it may be gone by now. What serves comes first, then the newest. */
export async function readArtifactUses(db: Kysely<Database>): Promise<readonly ArtifactUse[]> {
  const { rows } = await sql<ArtifactUse>`
    select distinct on (d.environment_id, content) d.artifact, p.name as project, e.name as environment, d.number,
      ${contentOf('d')} as content, d.source -> 'commit' ->> 'sha' as commit,
      coalesce(d.id = e.current_deployment_id, false) as serves,
      case when d.id = e.current_deployment_id
        then array(select v ->> 'name' from jsonb_array_elements(d.configuration -> 'settings' -> 'volumes') as v)
        else '{}' end as volumes
    from deployment d join environment e on e.id = d.environment_id join project p on p.id = d.project_id
    where d.artifact is not null
    order by d.environment_id, content, (d.id = e.current_deployment_id) desc nulls last, d.number desc`.execute(db);
  return rows.toSorted((a, b) => Number(b.serves) - Number(a.serves));
}
