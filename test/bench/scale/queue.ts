import { setTimeout as sleep } from 'node:timers/promises';
import { sql, type Kysely } from 'kysely';
import type { Actor } from '../../../src/domain/roles.ts';
import type { OperatorLog } from '../../../src/engine/ports/ports.ts';
import { systemClock } from '../../../src/drivers/clock/system-clock.ts';
import { systemRandom } from '../../../src/drivers/clock/system-random.ts';
import type { Database } from '../../../src/store/schema.ts';
import { appFiles } from '../../simulation/memory/build/app-files.ts';
import { MemoryWorld } from '../../simulation/memory/world.ts';
import { atLeast, atMost, quantile, reported, type BenchOptions, type Figure } from '../figure.ts';
import { usageOf, type Usage } from '../process-usage.ts';
import { environmentName, makeEnvironments, projectName, repositoryOf } from './many-environments.ts';
import { memoryPlatform, type MemoryPlatform } from './memory-platform.ts';
import { openOwnDatabase, type OwnDatabase } from './own-database.ts';

/** Environments of a project share a network, which has room for 61 instances. */
const environmentsEach = 50;
const actor: Actor = { tokenId: '00000000-0000-7000-8000-000000000000', name: 'bench', role: 'owner', project: null };

interface Drain {
  readonly seconds: number;
  readonly waits: readonly number[];
  readonly mostSessions: number;
  readonly engineMb: number;
  /** Milliseconds for each deployment. */
  readonly engineCpuMs: number;
  readonly databaseCpuMs: number;
}

/**
 * The queue is filled by the real command while no engine runs, then an engine comes up and empties it. Promotions: they run an
 * artifact that is there already, as a deployment of an image does.
 */
export async function measureQueue({ quick, say }: Pick<BenchOptions, 'quick' | 'say'>): Promise<readonly Figure[]> {
  const projects = quick ? 20 : 200;
  const total = projects * environmentsEach;
  await using database = await openOwnDatabase();
  const { db } = database.database;
  const errors: string[] = [];
  const stage = { database, world: worldOf(projects, total), log: errorsInto(errors) };
  await makeEnvironments(db, { projects, environmentsEach, settings: { observationMs: 0 } });
  say(`${total} environments; production of ${projects} projects is deployed first`);
  await using first = start(memoryPlatform(stage));
  await eachAtOnce(projects, 8, (project) => trigger(first.platform, project));
  await untilCompleted(db, { kind: 'git', count: projects, say });
  await first[Symbol.asyncDispose]();
  const waiting = memoryPlatform(stage);
  const triggerSeconds = await timed(() => eachAtOnce(total, 8, (index) => promoteTo(waiting, index)));
  say(`${total} are queued, ${(total / triggerSeconds).toFixed(0)} a second; an engine starts`);
  await using _second = start(memoryPlatform(stage));
  const drained = await drain(database, { total, say });
  const outcome = await outcomeOf(db);
  const idle = await idleUse(database, quick ? 30 : 60, say);
  for (const error of errors.slice(0, 5)) say(error);
  return [
    atMost(0, named('queued deployments that did not end completed exactly once', outcome.wrong, 'deployments')),
    atMost(0, named('queued deployments lost', total - outcome.found, 'deployments')),
    atMost(0, named('errors and warnings of the engine', errors.length, 'messages')),
    atLeast(100, named('promotions drained', total / drained.seconds, 'deployments/s')),
    reported(named('triggers accepted', total / triggerSeconds, 'deployments/s')),
    reported(named('wait in the queue, median', quantile(drained.waits, 0.5), 's')),
    reported(named('wait in the queue, p99', quantile(drained.waits, 0.99), 's')),
    reported(named('memory of the engine with the machine in memory, at the end', drained.engineMb, 'MB (RSS)')),
    reported(named('CPU of the engine for a promotion', drained.engineCpuMs, 'ms')),
    reported(named('CPU of PostgreSQL for a promotion', drained.databaseCpuMs, 'ms')),
    reported(named('database sessions, at most', drained.mostSessions, 'sessions')),
    reported(named(`CPU of the engine, idle with ${total} environments`, idle.engine, '% of a core')),
    reported(named(`CPU of PostgreSQL, idle with ${total} environments`, idle.database, '% of a core')),
    reported(named(`memory of the engine with ${total} environments, idle`, idle.engineMb, 'MB (RSS)')),
  ];
}

function named(metric: string, value: number, unit: string) {
  return { bench: 'scale', metric, value, unit };
}

function worldOf(projects: number, total: number): MemoryWorld {
  const world = new MemoryWorld({ clock: systemClock, random: systemRandom, slots: 2 * total });
  for (let project = 1; project <= projects; project += 1) {
    world.repositories.at(repositoryOf(project)).push('main', { apps: { '': appFiles(projectName(project)) } });
  }
  return world;
}

function errorsInto(errors: string[]): OperatorLog {
  const keep = (fields: Readonly<Record<string, unknown>>, message: string) =>
    void errors.push(`${message}: ${JSON.stringify(fields)}`);
  return { info: () => undefined, warn: keep, error: keep };
}

interface Running extends AsyncDisposable {
  readonly platform: MemoryPlatform;
}

function start(platform: MemoryPlatform): Running {
  const stopping = new AbortController();
  const running = platform.run(stopping.signal);
  return {
    platform,
    async [Symbol.asyncDispose]() {
      stopping.abort(new Error('the bench is over'));
      await running;
    },
  };
}

async function trigger({ deployments }: MemoryPlatform, index: number): Promise<void> {
  await deployments.trigger(actor, projectName(index + 1), { environment: 'production' });
}

/** Every project in turn: numbers of one project are given one at a time. */
async function promoteTo({ deployments }: MemoryPlatform, index: number): Promise<void> {
  const [environment, project] = [1 + (index % environmentsEach), 1 + Math.floor(index / environmentsEach)];
  await deployments.promote(actor, projectName(project), { from: 'production', to: environmentName(environment) });
}

async function eachAtOnce(count: number, atOnce: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const one = async () => {
    for (let index = next++; index < count; index = next++) await work(index);
  };
  await Promise.all(Array.from({ length: atOnce }, one));
}

async function timed(work: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1000;
}

const patienceMs = 60_000;

interface Waiting {
  readonly kind: 'git' | 'promote';
  readonly count: number;
  readonly say: (line: string) => void;
  readonly onLook?: () => Promise<void>;
}

/** Gives up when nothing has been completed for a minute. */
async function untilCompleted(db: Kysely<Database>, { kind, count, say, onLook }: Waiting): Promise<void> {
  let [seen, since, said] = [0, performance.now(), performance.now()];
  for (;;) {
    const { rows } = await sql<{ done: number }>`
      select count(*)::int as done from deployment where kind = ${kind} and state = 'completed'`.execute(db);
    const done = rows[0]?.done ?? 0;
    await onLook?.();
    if (done >= count) return;
    if (done > seen) [seen, since] = [done, performance.now()];
    if (performance.now() - since > patienceMs) throw new Error(`${done} of ${count} were completed, and then none`);
    if (performance.now() - said > 10_000) {
      said = performance.now();
      say(`${done} of ${count} are completed`);
    }
    // Of ten thousand it takes the database 20 ms to tell how many are left: near the end it matters when that is.
    await sleep(count - done > count / 20 ? 1_000 : 100);
  }
}

async function drain(
  { database: { db }, pid }: OwnDatabase,
  { total, say }: { readonly total: number; readonly say: (line: string) => void },
): Promise<Drain> {
  let mostSessions = 0;
  const [engineBefore, databaseBefore, began] = [process.cpuUsage(), await usageOf([pid]), performance.now()];
  const onLook = async () => {
    const { rows } = await sql<{ sessions: number }>`
      select count(*)::int as sessions from pg_stat_activity where backend_type = 'client backend'`.execute(db);
    mostSessions = Math.max(mostSessions, rows[0]?.sessions ?? 0);
  };
  await untilCompleted(db, { kind: 'promote', count: total, say, onLook });
  const seconds = (performance.now() - began) / 1000;
  const engine = process.cpuUsage(engineBefore);
  const databaseCpu = (await usageOf([pid])).cpuSeconds - databaseBefore.cpuSeconds;
  const { rows } = await sql<{ wait: number }>`
    select extract(epoch from started_at - created_at)::float8 as wait from deployment where kind = 'promote'`.execute(
    db,
  );
  const engineMb = process.memoryUsage().rss / 1e6;
  return {
    seconds,
    waits: rows.map(({ wait }) => wait),
    mostSessions,
    engineMb,
    engineCpuMs: (engine.user + engine.system) / 1_000 / total,
    databaseCpuMs: (databaseCpu * 1_000) / total,
  };
}

/** By the timeline: once pending, once running, deploying, ready and completed, and serving in its environment. */
async function outcomeOf(db: Kysely<Database>): Promise<{ readonly found: number; readonly wrong: number }> {
  const { rows } = await sql<{ found: number; wrong: number }>`
    select count(*)::int as found, (count(*) filter (where not right_so))::int as wrong
    from (
      select d.state = 'completed' and e.current_deployment_id = d.id and d.epoch = 1 and (
        select array_agg(t.entry ->> 'to' order by t.id) from timeline t
        where t.deployment_id = d.id and t.entry ->> 'kind' = 'state.changed'
      ) = array['pending', 'running', 'deploying', 'ready', 'completed'] as right_so
      from deployment d join environment e on e.id = d.environment_id where d.kind = 'promote'
    ) looked`.execute(db);
  return rows[0] ?? { found: 0, wrong: 0 };
}

interface IdleUse {
  readonly engine: number;
  readonly database: number;
  readonly engineMb: number;
}

/** Nothing is deployed and nobody visits: what the loops cost. Half the time to settle. */
async function idleUse({ pid }: OwnDatabase, seconds: number, say: (line: string) => void): Promise<IdleUse> {
  say(`drained; ${seconds} s to settle, ${seconds} s of measuring what the loops cost`);
  await sleep(seconds * 1_000);
  const [database, engine, began] = [await usageOf([pid]), process.cpuUsage(), performance.now()];
  await sleep(seconds * 1_000);
  const { user, system } = process.cpuUsage(engine);
  const elapsedMs = performance.now() - began;
  const after: Usage = await usageOf([pid]);
  return {
    engine: ((user + system) / 1_000 / elapsedMs) * 100,
    database: ((after.cpuSeconds - database.cpuSeconds) * 100_000) / elapsedMs,
    engineMb: process.memoryUsage().rss / 1e6,
  };
}
