import { randomInt } from 'node:crypto';
import type { Kysely } from 'kysely';
import { CutoverError } from '../domain/errors.ts';
import { ofPlatform } from '../domain/platform-repository.ts';
import type { Commands } from '../engine/commands/commands.ts';
import { credentialCommands } from '../engine/commands/credentials.ts';
import { deploymentCommands, type DeploymentDependencies } from '../engine/commands/deployments.ts';
import { environmentCommands } from '../engine/commands/environments.ts';
import type { ApplyPreviewEvent } from '../engine/commands/preview-events.ts';
import { projectCommands } from '../engine/commands/projects.ts';
import { registryCommands } from '../engine/commands/registries.ts';
import { bootstrapAdminToken, tokenCommands } from '../engine/commands/tokens.ts';
import { variableCommands } from '../engine/commands/variables.ts';
import { Engine, type EngineOptions } from '../engine/engine.ts';
import { Watchdog } from '../engine/observe/invariants/watchdog.ts';
import type { ConfigurationStore } from '../engine/ports/configuration-store.ts';
import type { ObservationStore } from '../engine/ports/observation-store.ts';
import type { OperatorLog, Ports } from '../engine/ports/ports.ts';
import { artifactCheck } from '../engine/workflows/artifact-check.ts';
import { proxyPasswords } from '../drivers/build/buildkit/build-network.ts';
import { hashToken, newToken } from '../drivers/secrets/tokens.ts';
import { checkBranch } from '../drivers/source/git/refs.ts';
import { parseRepositoryUrl } from '../drivers/source/git/repository-url.ts';
import { credentialStore } from '../store/credentials.ts';
import { createDeploymentQueries } from '../store/deployment-queries.ts';
import { createDeploymentStore } from '../store/deployments.ts';
import { environmentStore } from '../store/environments.ts';
import { createInvariantStore } from '../store/invariants.ts';
import { createObservationStore } from '../store/observations.ts';
import { createSleepStore } from '../store/sleep.ts';
import { projectStore } from '../store/projects.ts';
import { registryStore } from '../store/registries.ts';
import type { Database } from '../store/schema.ts';
import { tokenStore } from '../store/tokens.ts';
import { variableStore } from '../store/variables.ts';
import { WakeupSession } from '../store/wakeups.ts';
import { createWorldStore } from '../store/world.ts';
import type { Config } from './config.ts';
import { openDataDirectory, writeAtomically, type DataDirectory } from './data-directory.ts';
import { openPlatformDatabase, type PlatformDatabase } from './database.ts';
import { createDrivers, type Drivers } from './drivers.ts';
import { composePushes, type Pushes } from './pushes.ts';
import { composeGitHub } from './github.ts';
import { isReadByApp } from './github.ts';
import { composePreviews } from './previews.ts';
import { composeRetention } from './retention.ts';
import { numbered } from './numbered-ports.ts';
import { composeWebhooks } from './webhooks.ts';

const leaseMs = 10_000;
const reconcileIntervalMs = 10_000;
const watchIntervalMs = 20_000;
/** Most of them wait: for Docker, for a place to build, for a drain. */
const deploymentsAtOnce = 32;

/** Everything of one control plane, wired but not yet running. */
export interface Platform extends AsyncDisposable {
  readonly directory: DataDirectory & { readonly id: string };
  readonly database: PlatformDatabase;
  readonly drivers: Drivers;
  readonly engine: Engine;
  readonly watchdog: Watchdog;
  readonly commands: Commands;
  /** Leads deployments until aborted. */
  run(signal: AbortSignal): Promise<void>;
}

/** The composition root: the only place that says which driver stands behind which port. */
export async function composePlatform(config: Config, log: OperatorLog): Promise<Platform> {
  const directory = await openDataDirectory(config.dataDir, config.platformId);
  const database = await openPlatformDatabase(config, log);
  const { db } = database;
  const github = composeGitHub(config, db);
  const kept = { deployments: createDeploymentStore(db), appTokens: github.tokens };
  const made = await createDrivers({ config, directory, log }, kept);
  const world = createWorldStore(db);
  const stores = { world, observations: createObservationStore(db), sleep: createSleepStore(db) };
  const acting = numbered(config, { ports: made.ports, ...stores });
  const { ports } = acting;
  const drivers = { ...made, ports };
  const retention = composeRetention({ config, directory, ports, db, log });
  const owner = randomInt(1, 2 ** 31 - 1);
  const engine = new Engine({
    ...acting,
    rerun: rerunDependencies(ports, db),
    log,
    owner,
    ...engineSettings(config),
    imageLabels: { 'cutover.platform': directory.id },
    urlOf: urlOf(config),
    requireRoom: retention.requireRoom,
    onCompleted: () => [retention, previews].forEach((part) => part.onCompleted()),
  });
  const watchdog = watchdogOf(acting, db, log);
  const wake = () => engine.wake('');
  const outside = { urlOf: urlOf(config), configuration: configurationStore(database) };
  const previews = composePreviews({ config, database, ports, engine, log, github, ...outside });
  const { applyPreviewEvent, applyInstallationEvent } = previews;
  const applied = { applyPreviewEvent, applyInstallationEvent };
  const webhooks = composeWebhooks({ db, ports, log, wake, ...applied, ...outside });
  const wiring = { config, database, drivers, engine, directory, log };
  const { pushes, ...composed } = await composeCommands(wiring, applyPreviewEvent);
  const others = { retention: retention.commands, webhooks: webhooks.commands, ...previews.commands };
  const commands = { ...composed.commands, ...others };
  await bootstrapAdminToken(tokenDependencies(database, drivers), (secret) =>
    writeAtomically(directory.adminToken, `${secret}\n`, 0o600),
  );
  const wakeups = wakeupSession({ database, owner, engine, log });
  return {
    directory,
    database,
    drivers,
    engine,
    watchdog,
    commands,
    async run(signal) {
      await wakeups.open();
      const parts = [engine, retention, watchdog, webhooks, pushes, previews];
      await Promise.all(parts.map((part) => part.run(signal)));
    },
    async [Symbol.asyncDispose]() {
      await wakeups[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
    },
  };
}

/** How much the engine does at once, how often it looks, and what nobody may read in what it writes. */
function engineSettings({ buildsAtOnce, buildTimeoutMs, buildNetwork }: Config) {
  const secretValues = proxyPasswords(buildNetwork);
  return { leaseMs, concurrency: deploymentsAtOnce, buildsAtOnce, buildTimeoutMs, reconcileIntervalMs, secretValues };
}

function rerunDependencies({ deployments, random, secretBox }: Ports, db: Kysely<Database>): EngineOptions['rerun'] {
  return { deployments, queries: createDeploymentQueries(db), random, secretBox };
}

function watchdogOf(
  { ports, observations }: { readonly ports: Ports; readonly observations: ObservationStore },
  db: Kysely<Database>,
  log: OperatorLog,
): Watchdog {
  const store = createInvariantStore(db);
  return new Watchdog({ ports, store, timelines: observations, log, intervalMs: watchIntervalMs });
}

interface Listening {
  readonly database: PlatformDatabase;
  readonly owner: number;
  readonly engine: Engine;
  readonly log: OperatorLog;
}

function wakeupSession({ database, owner, engine, log }: Listening): WakeupSession {
  return new WakeupSession({
    connection: database.address,
    owner,
    onWakeup: (deploymentId) => engine.wake(deploymentId),
    onLost: (error) => {
      log.warn({ error: error.message }, 'the listening database session was lost');
      database.revive();
    },
  });
}

interface Wiring {
  readonly config: Config;
  readonly database: PlatformDatabase;
  readonly drivers: Drivers;
  readonly engine: Engine;
  readonly directory: DataDirectory;
  readonly log: OperatorLog;
}

type UncomposedHere = 'retention' | 'webhooks' | 'previews' | 'providers' | 'githubApp';

interface Composed {
  readonly commands: Omit<Commands, UncomposedHere>;
  readonly pushes: Pushes;
}

async function composeCommands(wiring: Wiring, applyPreviewEvent: ApplyPreviewEvent): Promise<Composed> {
  const { config, directory, database, log } = wiring;
  const deployments = deploymentDependencies(wiring);
  const pushes = await composePushes({
    config,
    directory,
    db: database.db,
    deployments,
    applyPreviewEvent,
    urlOf: urlOf(config),
    log,
  });
  const commands = { ...configurationCommands(wiring, deployments), deployments: deploymentCommands(deployments) };
  return { commands: { ...commands, pushes: pushes.commands }, pushes };
}

function configurationCommands(
  { config, database, drivers, engine }: Wiring,
  { configuration: store }: DeploymentDependencies,
): Omit<Commands, 'deployments' | 'pushes' | UncomposedHere> {
  const { random, secretBox, source } = drivers.ports;
  const configuration = {
    store,
    random,
    baseDomain: config.baseDomain,
    publicHost: config.publicHost,
    checkRepository: (url: string) => checkRepository(url, config),
    isReadByApp: isReadByApp(database.db),
    checkBranch,
    wake: () => engine.wakeReconciler(),
  };
  return {
    projects: projectCommands(configuration),
    environments: environmentCommands(configuration),
    variables: variableCommands({ store, random, secretBox }),
    credentials: credentialCommands({
      store,
      random,
      secretBox,
      source,
      hostOf: (repository) =>
        ofPlatform(repository) === null ? parseRepositoryUrl(repository, config.gitProtocols).host : null,
    }),
    registries: registryCommands({ store, random, secretBox }),
    tokens: tokenCommands(tokenDependencies(database, drivers)),
  };
}

function deploymentDependencies({ config, database, drivers, engine }: Wiring): DeploymentDependencies {
  const { ports } = drivers;
  const { random, secretBox, logs, clock, deployments, router } = ports;
  return {
    configuration: configurationStore(database),
    deployments,
    queries: createDeploymentQueries(database.db),
    changes: engine.changes,
    logs,
    clock,
    random,
    secretBox,
    artifacts: artifactCheck(ports),
    uploads: ports.uploads,
    router,
    urlOf: urlOf(config),
    checkBranch,
    wake: () => engine.wake(''),
  };
}

/** A URL is shown to everybody who may see the project, so it cannot hold a secret. Error: `repository_refused`. */
function checkRepository(url: string, { gitProtocols }: Config): void {
  const { authorization } = parseRepositoryUrl(url, gitProtocols);
  if (authorization === null) return;
  throw new CutoverError(
    'repository_refused',
    'the repository URL holds credentials, which everybody who sees the project would see',
  );
}

/** Without the port where it is the usual one. */
function urlOf({ router }: Config): (host: string) => string {
  return (host) => (router.port === 80 ? `http://${host}` : `http://${host}:${router.port}`);
}

function configurationStore({ db }: PlatformDatabase): ConfigurationStore {
  return {
    projects: projectStore(db),
    environments: environmentStore(db),
    variables: variableStore(db),
    credentials: credentialStore(db),
    registries: registryStore(db),
    tokens: tokenStore(db),
  };
}

function tokenDependencies({ db }: PlatformDatabase, drivers: Drivers) {
  return { store: tokenStore(db), random: drivers.ports.random, newToken, hashToken };
}
