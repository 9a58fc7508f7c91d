import { isHealthyAnswer } from '../../domain/health-check.ts';
import { workerProcesses } from '../../domain/processes.ts';
import { stableOnly } from '../../domain/route.ts';
import type { DeploymentRun } from './deployment-run.ts';
import { probeTargets } from './probe-targets.ts';
import { countRequests } from './request-counts.ts';
import { serverName } from './router-server.ts';
import { hasContainer, webInstances, type InSlot } from './web-instances.ts';

/** Shorter than at a gate: it has been running for long, and a visitor waits for every millisecond of this. */
const secondProbeMs = 10;

/**
 * Going back to the version that is on standby needs no start: its instances and its slot become this deployment's, and the
 * route follows (rule 5.6). Resolves to false, with nothing started or moved, where there is no such version or it is not well.
 */
export async function takeOverStandby(run: DeploymentRun): Promise<boolean> {
  const warm = await findWarm(run);
  if (warm === null) return false;
  const automatic = run.deployment.origin?.kind === 'rollback' && run.deployment.origin.automatic;
  run.assertHeld();
  const [well] = await Promise.all([
    // The evidence was gathered with both under watch; somebody's wish says nothing about how the standby does.
    automatic || isWell(run, warm),
    run.deployment.state === 'running' ? run.write({ transition: { type: 'instances-starting' } }) : undefined,
  ]);
  if (!well) return false;
  await switchBack(run, warm);
  return true;
}

async function findWarm(run: DeploymentRun): Promise<InSlot | null> {
  const { origin } = run.deployment;
  if (origin?.kind !== 'rollback' || origin.currentVariables) return null;
  const predecessors = await run.ports.deployments.predecessors(run.lease);
  const target = predecessors.find(({ deployment }) => deployment.id === origin.deploymentId);
  const holder = predecessors.find(({ standbyId }) => standbyId === origin.deploymentId);
  if (target?.slot == null || holder === undefined) return null;
  const { artifact, configuration } = target.deployment;
  const running = webInstances(target.instances).filter(hasContainer).length;
  const whole = artifact?.type === 'bundle' || running === configuration.settings.replicas;
  // Workers are never on standby: a version that has some is started anew.
  const workers = workerProcesses(configuration.settings.processes);
  return whole && workers.length === 0 ? { ...target, slot: target.slot } : null;
}

/** The gate's own measure, without its patience: it has been running all the time. */
async function isWell(run: DeploymentRun, warm: InSlot): Promise<boolean> {
  const { health } = warm.deployment.configuration.settings;
  for (let probe = 0; probe < health.healthyThreshold; probe += 1) {
    if (probe > 0) await run.ports.clock.sleep(Math.min(secondProbeMs, health.intervalMs), run.signal);
    const targets = probeTargets(warm);
    if (targets.length === 0) return false;
    const results = await Promise.all(targets.map((target) => run.ports.prober.probe(target, health, run.signal)));
    if (!results.every((result) => isHealthyAnswer(health, result))) return false;
  }
  return true;
}

async function switchBack(run: DeploymentRun, warm: InSlot): Promise<void> {
  const web = webInstances(warm.instances).filter(hasContainer);
  for (const instance of web) {
    await run.ports.router.resumeServer(warm.slot, serverName(instance), run.signal);
  }
  const predecessors = await run.ports.deployments.predecessors(run.lease);
  const retired = predecessors
    .filter(({ deployment }) => deployment.id !== warm.deployment.id)
    .flatMap(({ instances }) => instances.filter(({ phase }) => phase === 'serving'));
  const { observationMs } = run.deployment.configuration.settings;
  run.assertHeld();
  await run.write({
    transition: { type: 'traffic-received' },
    takeOver: { deploymentId: warm.deployment.id },
    counterBaseline: await countRequests(run, predecessors),
    instances: [
      ...web.map(({ id }) => ({ id, phase: 'serving' as const })),
      ...retired.map(({ id }) => ({ id, phase: 'draining' as const })),
    ],
    route: { ...stableOnly(warm.slot), observed: observationMs > 0 },
    becomesCurrent: true,
    ...(observationMs > 0 ? { observation: { standbyId: null, endsInMs: observationMs } } : {}),
    timeline: [{ kind: 'traffic.shifting', share: 100 }],
  });
  await run.workshop.routes.follow(run.lease.environmentId, run.leaseSignal);
  run.workshop.wakeObserver();
}
