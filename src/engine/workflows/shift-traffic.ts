import type { Instance } from '../../domain/deployment.ts';
import { resolvePort } from '../../domain/environment-settings.ts';
import { planRollout, strategyToReplace } from '../../domain/rollout-plan.ts';
import { nextRolloutAction, type RolloutAction, type Wave } from '../../domain/rollout.ts';
import { allOrNone } from './all-or-none.ts';
import { mayGrow, waitUntilItMayGrow } from './analyse.ts';
import type { DeploymentRun } from './deployment-run.ts';
import { gateInstance } from './gate-instance.ts';
import { add, addServers, isGuarded, prepareRollout, retire, share, switchOver } from './move-traffic.ts';
import { holdRequests, stopOld, withinHold } from './recreate.ts';
import { lookAroundAhead, observeRollout, settingsOf, viewOf, type Scene } from './rollout-scene.ts';
import { startInNetwork, versionOf, type ImageArtifact, type Version } from './start-instance.ts';
import { beginDeploying } from './take-slot.ts';

/** Observe, ask the domain what is next, do it; until the route names only the new version. */
export async function shiftTraffic(run: DeploymentRun, artifact: ImageArtifact): Promise<void> {
  // What `auto` comes to is decided by that, and what is done first by what it comes to.
  if (run.deployment.configuration.settings.strategy === 'auto') await beginDeploying(run);
  while (!run.record.serves) {
    const scene = await observeRollout(run);
    if (run.record.counterBaseline === null) await sayPlan(run, scene);
    const action = nextRolloutAction(viewOf(run, scene, mayGrow(run, scene)));
    await act(run, artifact, { scene, action });
  }
}

async function sayPlan(run: DeploymentRun, scene: Scene): Promise<void> {
  // It was said before the hold.
  if (run.record.instances.length > 0 || scene.route.target?.mode === 'held') return;
  const { configuration } = run.deployment;
  const before = settingsOf(scene.stable);
  const strategy = strategyToReplace(configuration, before);
  const { explanation } = planRollout({ ...configuration.settings, strategy }, { before, target: 'image' });
  run.say(`plan: ${strategy} (${explanation.join('; ')})`);
  run.planned = { kind: 'rollout.planned', strategy, explanation };
}

interface Next {
  readonly scene: Scene;
  readonly action: RolloutAction;
}

async function act(run: DeploymentRun, artifact: ImageArtifact, { scene, action }: Next): Promise<void> {
  // A start begins with it.
  if (action.type !== 'start') await beginDeploying(run);
  switch (action.type) {
    case 'start':
      return withinHold(run, scene, (signal) => start(run, artifact, { scene, places: wanted(scene, action) }, signal));
    case 'gate':
      return withinHold(run, scene, (signal) => gate(run, artifact, { scene, wave: action }, signal));
    case 'add':
      return add(run, scene, action.index);
    case 'retire':
      return retire(run, scene, action.index);
    case 'share':
      return share(run, scene, action.share);
    case 'analyse':
      return waitUntilItMayGrow(run, scene);
    case 'hold':
      return holdRequests(run, scene);
    case 'stop-old':
      return stopOld(run, scene);
    case 'switch':
      return switchOver(run, scene);
    case 'fail':
    case 'done':
      throw new Error(`a rollout was left in an impossible state: ${action.type}`);
  }
}

function wanted(scene: Scene, { indexes, workers }: Wave) {
  return [...indexes.map((index) => scene.web[index]), ...workers.map((index) => scene.workers[index])].flatMap(
    (place) => place?.wanted ?? [],
  );
}

async function start(
  run: DeploymentRun,
  artifact: ImageArtifact,
  { scene, places }: { readonly scene: Scene; readonly places: ReturnType<typeof wanted> },
  signal: AbortSignal,
): Promise<void> {
  const port = resolvePort(run.deployment.configuration.settings.port, artifact.exposedPorts);
  run.assertHeld();
  let added: readonly Instance[] = [];
  // In whichever order: an instance whose row a crash left behind is taken back from either state.
  await allOrNone(signal, [
    () => beginDeploying(run),
    async () => {
      added = await run.addInstances(places.map((place) => ({ id: run.ports.random.id(), ...place, port })));
    },
    (either) => run.ports.runtime.ensureNetwork(run.deployment.projectName, either),
  ]);
  await startAll(run, { version: versionOf(run, artifact), scene, added }, signal);
  // The gate writes it while it probes.
  run.note({
    instances: added.map(({ id }) => ({ id, address: run.started.get(id)?.address ?? null })),
    timeline: [
      ...(run.planned === null ? [] : [run.planned]),
      ...added.map(({ process, ordinal }) => ({ kind: 'instance.starting' as const, process, ordinal })),
    ],
  });
  run.planned = null;
}

interface Starting {
  readonly version: Version;
  readonly scene: Scene;
  readonly added: readonly Instance[];
}

/** So long nothing else wants the processors, while the engine makes the containers. */
const engineFirstMs = 20;

/** What the engine takes its time for is begun first, and once it is there the app has the cores to itself. */
async function startAll(run: DeploymentRun, { version, scene, added }: Starting, signal: AbortSignal): Promise<void> {
  const started = Promise.withResolvers<void>();
  await allOrNone(signal, [
    (either) =>
      allOrNone(
        either,
        added.map((instance) => (aborted) => startInNetwork(run, version, instance, aborted)),
      ).finally(started.resolve),
    async (either) => {
      await Promise.race([started.promise, run.ports.clock.sleep(engineFirstMs, either)]);
      await addServers(run, scene, []);
    },
  ]);
}

async function gate(
  run: DeploymentRun,
  artifact: ImageArtifact,
  { scene, wave }: { readonly scene: Scene; readonly wave: Wave },
  limit: AbortSignal,
): Promise<void> {
  const version = versionOf(run, artifact);
  const web = wave.indexes.flatMap((index) => scene.web[index]?.instance ?? []);
  const workers = wave.workers.flatMap((index) => scene.workers[index]?.instance ?? []);
  const began = run.ports.clock.monotonic();
  // Done already but after a crash; whatever puts servers there side by side must not find it undone.
  await prepareRollout(run, scene);
  // While no route names the slot, nobody reaches a server in it, so it can be put there before it has passed. Not one of several. One that
  // has a fallback is checked by the router too, which would hold one that is still starting to be down when traffic comes.
  const alone = web.length + workers.length === 1;
  const only = run.deployment.configuration.settings.replicas === 1 ? addressed(web) : [];
  const candidate = alone ? { version, beforeLast: () => prepareSwitch(run, scene, only) } : { version };
  await allOrNone(limit, [
    () => run.flush(),
    ...[...web, ...workers].map((instance) => async (signal: AbortSignal) => {
      await gateInstance(run, { ...candidate, instance }, signal);
    }),
    () => addServers(run, scene, isGuarded(run, scene) ? [] : only),
  ]);
  const gateMs = (run.deployment.measurements.gateMs ?? 0) + run.ports.clock.monotonic() - began;
  run.measured = { ...run.measured, gateMs };
}

/** In the pause before the probe that may be the last. */
async function prepareSwitch(run: DeploymentRun, scene: Scene, only: readonly Instance[]): Promise<void> {
  await addServers(run, scene, only);
  lookAroundAhead(run);
}

function addressed(instances: readonly Instance[]): readonly Instance[] {
  return instances.filter(({ address }) => address !== null);
}
