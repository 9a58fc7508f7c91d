import type { AppConfigReader } from '../engine/ports/app-config-reader.ts';
import type { Builder, Planner } from '../engine/ports/builder.ts';
import type { DeploymentStore, WorldStore } from '../engine/ports/deployment-store.ts';
import type { ImageIntake } from '../engine/ports/image-intake.ts';
import type { Logs } from '../engine/ports/logs.ts';
import type { ObservationStore } from '../engine/ports/observation-store.ts';
import type { Ports } from '../engine/ports/ports.ts';
import type { Router } from '../engine/ports/router.ts';
import type { Runtime } from '../engine/ports/runtime.ts';
import type { SleepStore } from '../engine/ports/sleep-store.ts';
import type { Source } from '../engine/ports/source.ts';
import type { StaticFiles } from '../engine/ports/static-files.ts';
import type { Uploads } from '../engine/ports/uploads.ts';
import type { Config } from './config.ts';
import { CrashPoints, type Kinds } from './crash-points.ts';
import { numberDockerRequests } from './docker-crash-points.ts';

/** All that the engine does to its database and to the world. */
interface Acting {
  readonly ports: Ports;
  readonly world: WorldStore;
  readonly observations: ObservationStore;
  readonly sleep: SleepStore;
}

/** What it was given; only where the settings ask for crash points, with every journal write and outside call numbered. */
export function numbered(config: Config, acting: Acting): Acting {
  if (config.crashPoints === null) return acting;
  const points = new CrashPoints(config.crashPoints);
  numberDockerRequests(points, config.dockerSocket);
  const { ports } = acting;
  return {
    world: points.watch('world', acting.world, world),
    observations: points.watch('observations', acting.observations, observations),
    sleep: points.watch('sleep', acting.sleep, sleep),
    ports: {
      ...ports,
      deployments: points.watch('deployments', ports.deployments, deployments),
      runtime: points.watch('runtime', ports.runtime, runtime),
      router: points.watch('router', ports.router, router),
      source: points.watch('source', ports.source, source),
      planner: points.watch('planner', ports.planner, planner),
      builder: points.watch('builder', ports.builder, builder),
      appConfig: points.watch('appConfig', ports.appConfig, appConfig),
      staticFiles: points.watch('staticFiles', ports.staticFiles, staticFiles),
      imageIntake: points.watch('imageIntake', ports.imageIntake, imageIntake),
      uploads: points.watch('uploads', ports.uploads, uploads),
      logs: points.watch('logs', ports.logs, logs),
    },
  };
}

const deployments: Kinds<DeploymentStore> = {
  create: 'acts',
  claim: 'finds',
  // By the clock, and only that the lease goes on.
  heartbeat: 'looks',
  wanted: 'looks',
  release: 'acts',
  write: 'acts',
  addInstances: 'acts',
  takeSlot: 'acts',
  record: 'looks',
  predecessors: 'looks',
  alive: 'looks',
  route: 'looks',
  drawRevision: 'looks',
  requestCancel: 'acts',
  requestPause: 'acts',
  requestResume: 'acts',
  requestTakeBack: 'acts',
  requestRollback: 'acts',
  registryCredential: 'looks',
  findArtifact: 'looks',
  saveArtifact: 'acts',
};

const world: Kinds<WorldStore> = {
  desired: 'looks',
  updateInstances: 'acts',
  freeSlot: 'acts',
  whileOwning: 'acts',
  whileFree: 'acts',
  whileStopped: 'acts',
  whileDeleting: 'acts',
  projectNames: 'looks',
  deletions: 'looks',
  askToEnd: 'acts',
  crashed: 'acts',
  recovered: 'acts',
  stopServing: 'acts',
  // By the clock.
  stopTelling: 'looks',
  leftovers: 'looks',
  erase: 'acts',
};

const observations: Kinds<ObservationStore> = {
  // By the clock: it is the heartbeat too.
  claim: 'looks',
  moveTraffic: 'acts',
  note: 'acts',
  // By the clock.
  measured: 'looks',
  close: 'acts',
};

const sleep: Kinds<SleepStore> = {
  // By the clock.
  sleepers: 'looks',
  requestSleep: 'looks',
  requestWake: 'looks',
  forgiveFailedWakes: 'looks',
};

const runtime: Kinds<Runtime> = {
  ping: 'looks',
  ensureNetwork: 'acts',
  removeNetwork: 'acts',
  networks: 'looks',
  inspectImage: 'looks',
  removeImage: 'acts',
  start: 'acts',
  keepAlive: 'acts',
  status: 'looks',
  listeningPorts: 'looks',
  usage: 'looks',
  stop: 'acts',
  list: 'looks',
  exec: 'acts',
  ensureVolume: 'acts',
  removeVolume: 'acts',
  volumes: 'looks',
  output: 'looks',
  events: 'looks',
};

const router: Kinds<Router> = {
  // In every pass of the reconciler.
  ensureRunning: 'looks',
  ping: 'looks',
  capacity: 'looks',
  grow: 'acts',
  addServer: 'acts',
  drainServer: 'acts',
  resumeServer: 'acts',
  removeServer: 'acts',
  clearSlot: 'acts',
  setRoute: 'acts',
  setGuard: 'acts',
  removeRoute: 'acts',
  inFlight: 'looks',
  closeSessions: 'acts',
  counters: 'looks',
  outcomes: 'looks',
  canHold: 'looks',
  awaited: 'looks',
  stalled: 'looks',
  serverNames: 'looks',
  snapshot: 'looks',
};

const source: Kinds<Source> = {
  fetch: 'acts',
  // Of what this process remembers.
  expected: 'looks',
  treeId: 'acts',
  appTreeId: 'looks',
  checkout: 'acts',
  survey: 'acts',
  unpack: 'acts',
  release: 'acts',
  owners: 'looks',
  // By the clock.
  removeUnused: 'looks',
  // Of a user's own, and no part of a deployment.
  forgetHostKeys: 'looks',
};
const planner: Kinds<Planner> = { plan: 'acts' };
const builder: Kinds<Builder> = { build: 'acts', exportFiles: 'acts' };
const appConfig: Kinds<AppConfigReader> = { read: 'acts' };

const staticFiles: Kinds<StaticFiles> = {
  ensureRunning: 'looks',
  putTar: 'acts',
  putDirectory: 'acts',
  putArchive: 'acts',
  has: 'looks',
  remove: 'acts',
  list: 'looks',
};

const imageIntake: Kinds<ImageIntake> = { resolve: 'looks', pull: 'acts', load: 'acts', forget: 'acts' };

const uploads: Kinds<Uploads> = {
  receive: 'acts',
  path: 'looks',
  remove: 'acts',
  // In every pass of the reconciler.
  list: 'looks',
};

const logs: Kinds<Logs> = { open: 'acts', read: 'looks', tail: 'looks', remove: 'acts' };
