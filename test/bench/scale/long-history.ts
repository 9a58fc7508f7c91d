import { sql, type Kysely } from 'kysely';
import { emptyAppConfig } from '../../../src/domain/app-config.ts';
import { defaultBuildSettings } from '../../../src/domain/build-settings.ts';
import { defaultEnvironmentSettings } from '../../../src/domain/environment-settings.ts';
import { nothingMeasured } from '../../../src/domain/measurements.ts';
import { toJson, type Database } from '../../../src/store/schema.ts';

const atOnce = 50_000;

interface History {
  readonly project: string;
  readonly deployments: number;
  readonly say: (line: string) => void;
}

/**
 * Deployments 1, 2, … of a project, its environments in turn, each over a tenth of them at a time: 80 % were stopped, 10 % failed, 10 %
 * were cancelled, and none is under way. Each is as large as one with default settings.
 */
export async function makeHistory(db: Kysely<Database>, { project, deployments, say }: History): Promise<void> {
  const began = performance.now();
  for (let first = 1; first <= deployments; first += atOnce) {
    const last = Math.min(first + atOnce - 1, deployments);
    await insert(db, project, [first, last]);
    if (last % 200_000 === 0)
      say(`${last} deployments are in the table after ${Math.round((performance.now() - began) / 1000)} s`);
  }
  await sql`update project set last_number = ${deployments} where name = ${project}`.execute(db);
  await sql`vacuum (analyze) deployment`.execute(db);
}

async function insert(db: Kysely<Database>, project: string, [first, last]: readonly [number, number]): Promise<void> {
  await sql`
    with place as (
      select e.id, e.project_id, (row_number() over (order by e.name) - 1)::int as position, count(*) over ()::int as places
      from environment e join project p on p.id = e.project_id where p.name = ${project}
    )
    insert into deployment (
      id, project_id, environment_id, number, kind, state, reason, source, trigger, configuration, sealed_variables, artifact,
      requests, measurements, branch, production, fence, epoch, created_at, started_at, ready_at, completed_at, finished_at
    )
    select uuidv7(), place.project_id, place.id, n, 'git',
      case when n % 10 = 3 then 'failed' when n % 10 = 7 then 'cancelled' else 'stopped' end,
      'replaced by #' || n + places, ${source()}::jsonb, ${toJson({ kind: 'manual', by: 'somebody', noCache: false })}::jsonb,
      ${configuration()}::jsonb, ${'x'.repeat(200)}, ${artifact()}::jsonb,
      ${toJson({ total: 4_213, failed: 0 })}::jsonb, ${toJson(nothingMeasured)}::jsonb, 'main', false, n, 1,
      at, at, at, at, at
    from generate_series(${first}::int, ${last}::int) n
    join place on place.position = n % place.places
    cross join lateral (select now() - interval '1 year' + n * interval '10 seconds' as at) times`.execute(db);
}

function source(): string {
  return toJson({
    kind: 'git',
    repository: 'https://git.example.test/p1.git',
    branch: 'main',
    requestedCommit: null,
    commit: {
      sha: 'a'.repeat(40),
      message: 'Make the front page load before the fonts do',
      author: 'Somebody <somebody@example.test>',
      committedAt: '2026-01-01T00:00:00.000Z',
    },
  });
}

function configuration(): string {
  return toJson({
    build: defaultBuildSettings,
    settings: defaultEnvironmentSettings,
    appConfig: emptyAppConfig,
    hosts: ['production-p1.example.test'],
  });
}

function artifact(): string {
  return toJson({ type: 'image', imageId: `sha256:${'b'.repeat(64)}`, sizeBytes: 120_000_000, exposedPorts: [3000] });
}
