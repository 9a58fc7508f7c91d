import { sql, type Kysely } from 'kysely';
import { defaultBuildSettings } from '../../../src/domain/build-settings.ts';
import { defaultEnvironmentSettings, type EnvironmentSettings } from '../../../src/domain/environment-settings.ts';
import { toJson, type Database } from '../../../src/store/schema.ts';

export interface ManyEnvironments {
  readonly projects: number;
  /** Beside `production`, which every project has. */
  readonly environmentsEach: number;
  readonly settings?: Partial<EnvironmentSettings>;
}

export function projectName(project: number): string {
  return `p${project}`;
}

export function repositoryOf(project: number): string {
  return `https://git.example.test/${projectName(project)}.git`;
}

export function environmentName(environment: number): string {
  return environment === 0 ? 'production' : `e${environment}`;
}

/** Projects `p1`, `p2`, … with the environments `production`, `e1`, `e2`, …, each with a host; as the commands would make them. */
export async function makeEnvironments(
  db: Kysely<Database>,
  { projects, environmentsEach, settings = {} }: ManyEnvironments,
): Promise<void> {
  await sql`
    insert into project (id, name, repository, build)
    select gen_random_uuid(), 'p' || n, 'https://git.example.test/p' || n || '.git', ${toJson(defaultBuildSettings)}::jsonb
    from generate_series(1, ${projects}::int) n`.execute(db);
  await sql`
    insert into environment (id, project_id, name, settings)
    select gen_random_uuid(), p.id, case n when 0 then 'production' else 'e' || n end,
      ${toJson({ ...defaultEnvironmentSettings, ...settings })}::jsonb
    from project p, generate_series(0, ${environmentsEach}::int) n`.execute(db);
  await sql`
    insert into host (host, environment_id, position)
    select e.name || '-' || p.name || '.example.test', e.id, 0 from environment e join project p on p.id = e.project_id`.execute(
    db,
  );
  await sql`analyze`.execute(db);
}
