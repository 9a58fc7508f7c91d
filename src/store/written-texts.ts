import { sql, type Kysely } from 'kysely';
import { instanceLogName, jobLogName } from '../domain/deployment.ts';
import type { JobType } from '../domain/job.ts';
import type { SealedCredential } from '../engine/ports/deployment-store.ts';
import type { WrittenDeployment } from '../engine/ports/invariant-store.ts';
import type { Database } from './schema.ts';

interface Row {
  readonly deploymentId: string;
  readonly name: string;
  readonly sealedVariables: string;
  readonly sealedCredential: SealedCredential | null;
  readonly jobs: readonly JobType[];
  readonly instances: readonly string[];
  readonly parts: readonly { readonly what: string; readonly value: unknown }[];
}

/** Everything in words that the database keeps of the newest deployments: their ids rise with time. */
export async function readWritten(db: Kysely<Database>, limit: number): Promise<readonly WrittenDeployment[]> {
  const { rows } = await sql<Row>`
    select d.id as "deploymentId", p.name || ' #' || d.number as name, d.sealed_variables as "sealedVariables",
      (select jsonb_build_object('id', c.id, 'sealed', c.sealed) from repository_credential c where c.project_id = p.id) as "sealedCredential",
      (
        select jsonb_agg(jsonb_build_object('what', part.what, 'value', part.value))
        from (
          select 'reason' as what, jsonb_build_array(d.reason, d.failure, d.verdict, d.wanted_verdict) as value
          union all select 'job ' || j.type, to_jsonb(j.error) from job j where j.deployment_id = d.id
          union all select 'journal', to_jsonb(s.error) from step s where s.deployment_id = d.id
          union all select 'timeline', t.entry from timeline t where t.deployment_id = d.id
          union all select 'observation', to_jsonb(o.message) from observation o where o.deployment_id = d.id
        ) as part
      ) as parts,
      coalesce((select jsonb_agg(j.type) from job j where j.deployment_id = d.id), '[]') as jobs,
      coalesce((
        select jsonb_agg(i.id) from instance i where coalesce(i.started_by, i.deployment_id) = d.id
      ), '[]') as instances
    from deployment d join project p on p.id = d.project_id
    order by d.id desc limit ${limit}`.execute(db);
  return rows.map(({ deploymentId, name, sealedVariables, sealedCredential, parts, jobs, instances }) => ({
    deploymentId,
    name,
    sealedVariables,
    sealedCredential,
    texts: parts.flatMap(({ what, value }) =>
      wordsOf(value).map((text) => ({ deploymentId, where: `${what} of ${name}`, text })),
    ),
    logs: [
      ...jobs.map((job) => jobLogName(deploymentId, job)),
      ...instances.map((id) => instanceLogName({ startedBy: deploymentId, id })),
    ],
  }));
}

/** Names of things the platform itself chose say nothing, and a secret may be a plain word. */
const namesOfKinds: ReadonlySet<string> = new Set([
  'kind',
  'from',
  'to',
  'job',
  'status',
  'outcome',
  'code',
  'strategy',
]);

function wordsOf(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return value.flatMap(wordsOf);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => (namesOfKinds.has(key) ? [] : wordsOf(inner)));
}
