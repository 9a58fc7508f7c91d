import { join } from 'node:path';
import { Pool } from 'pg';
import { superuser } from '../../src/drivers/database/embedded/initialise.ts';

interface Recorded {
  /** Those that are to have a container. */
  readonly instances: readonly { readonly id: string; readonly slot: number; readonly endpoint: string }[];
  readonly routes: readonly { readonly host: string; readonly slot: number }[];
  /** Of everything that was built and may be run again. */
  readonly imageIds: readonly string[];
  readonly deploymentIds: readonly string[];
  /** What should be over and is not, in sentences. */
  readonly unfinished: readonly string[];
}

/** What the database of a platform with one environment says, read past the control plane. */
export class Records implements AsyncDisposable {
  readonly #pool: Pool;

  constructor(dataDir: string) {
    this.#pool = new Pool({ host: join(dataDir, 'postgres', 'run'), user: superuser, database: 'postgres', max: 2 });
  }

  async read(): Promise<Recorded> {
    const [instances, routes, images, deployments, unfinished] = [
      await this.#rows<{ id: string; slot: number; endpoint: string }>(instancesSql),
      await this.#rows<{ host: string; slot: number }>(routesSql),
      await this.#rows<{ id: string }>(imagesSql),
      await this.#rows<{ id: string }>('select id from deployment'),
      await this.#rows<{ message: string }>(unfinishedSql),
    ];
    return {
      instances,
      routes,
      imageIds: images.map(({ id }) => id),
      deploymentIds: deployments.map(({ id }) => id),
      unfinished: unfinished.map(({ message }) => message),
    };
  }

  /** Final and completed states the deployment has reached, in order. */
  async outcomes(deploymentId: string): Promise<readonly string[]> {
    const rows = await this.#rows<{ state: string }>(
      `select entry ->> 'to' as state from timeline where deployment_id = $1 and entry ->> 'kind' = 'state.changed'
        and entry ->> 'to' in ('completed', 'failed', 'cancelled', 'stopped') order by id`,
      [deploymentId],
    );
    return rows.map(({ state }) => state);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.end();
  }

  async #rows<T extends object>(text: string, values: readonly unknown[] = []): Promise<T[]> {
    return (await this.#pool.query<T>(text, [...values])).rows;
  }
}

const over = `('failed', 'cancelled', 'stopped')`;

const instancesSql = `select i.id, s.number as slot, i.address || ':' || i.port as endpoint
  from instance i join deployment d on d.id = i.deployment_id left join slot s on s.deployment_id = d.id
  where i.phase not in ('stopped', 'failed') and d.state not in ${over}`;

const routesSql = `select h.host, r.stable as slot from route r join host h on h.environment_id = r.environment_id`;

const imagesSql = `select artifact ->> 'imageId' as id from artifact union select artifact ->> 'imageId' from deployment`;

const unfinishedSql = `
  select format('#%s is %s', number, state) as message from deployment where state not in ('completed', 'failed', 'cancelled', 'stopped')
  union all
  select format('#%s is completed and does not serve', d.number) from deployment d
    join environment e on e.id = d.environment_id where d.state = 'completed' and e.current_deployment_id is distinct from d.id
  union all
  select format('#%s is %s and somebody acts on it', number, state) from deployment
    where acting or (lease_until > now() and state in ('completed', 'failed', 'cancelled', 'stopped'))
  union all
  select format('%s of #%s is %s', j.type, d.number, j.status) from job j join deployment d on d.id = j.deployment_id
    where j.status in ('running', 'pending')
  union all
  select format('slot %s is kept for a deployment that is over', s.number) from slot s left join deployment d on d.id = s.deployment_id
    where d.id is null or d.state in ${over}
  union all
  select format('an instance of #%s, which is %s, is %s', d.number, d.state, i.phase) from instance i
    join deployment d on d.id = i.deployment_id where d.state in ${over} and i.phase not in ('stopped', 'failed')
  union all
  select format('the route leads to slot %s, of #%s, which does not serve', r.stable, d.number) from route r
    join slot s on s.number = r.stable join deployment d on d.id = s.deployment_id
    join environment e on e.id = r.environment_id where e.current_deployment_id is distinct from d.id
  union all
  select 'an observation is still open' from observation where closed_at is null`;
