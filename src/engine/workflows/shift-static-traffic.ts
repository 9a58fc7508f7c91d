import type { Artifact } from '../../domain/artifact.ts';
import { CutoverError } from '../../domain/errors.ts';
import { judgeGate, newGate, recordProbe } from '../../domain/gate.ts';
import type { DeploymentRun } from './deployment-run.ts';
import { bundleServer } from './router-server.ts';
import { observationOf, observedSwitch } from './move-traffic.ts';
import { servingBeside } from './rollout-scene.ts';
import { beginDeploying, prepareSlot } from './take-slot.ts';

type BundleArtifact = Extract<Artifact, { type: 'bundle' }>;

/** A bundle is one atomic switch: the web server runs already, so there is nothing to start, only to prove. */
export async function shiftStaticTraffic(run: DeploymentRun, artifact: BundleArtifact): Promise<void> {
  const { slot } = run.record;
  if (slot === null) throw new Error('a rollout was begun without a slot');
  await beginDeploying(run);
  if (run.record.serves) return;
  const route = await run.ports.deployments.route(run.lease.environmentId);
  const predecessors = await run.ports.deployments.predecessors(run.lease);
  const stable = route === null ? null : servingBeside(predecessors, route);
  const prepared = prepareSlot(run, observationOf(run, { stable }), predecessors);
  await Promise.all([gateBundle(run, artifact), prepared]);
  run.assertHeld();
  const { bundle, spa } = artifact;
  await run.ports.router.addServer(slot, { kind: 'static', name: bundleServer, bundle, spa }, run.signal);
  const old = predecessors.flatMap(({ instances }) => instances).filter(({ phase }) => phase === 'serving');
  await run.write({
    instances: old.map(({ id }) => ({ id, phase: 'draining' })),
    ...observedSwitch(run, { stable, slot }),
    becomesCurrent: true,
    transition: { type: 'traffic-received' },
    timeline: [{ kind: 'traffic.shifting', share: 100 }],
  });
  await run.workshop.routes.follow(run.lease.environmentId, run.leaseSignal);
  run.workshop.wakeObserver();
}

async function gateBundle(run: DeploymentRun, { bundle, spa }: BundleArtifact): Promise<void> {
  const { health } = run.deployment.configuration.settings;
  const { clock, prober } = run.ports;
  const began = clock.monotonic();
  for (let gate = newGate; ;) {
    // Files do not warm up: there is no start period in which a failure would not count.
    const verdict = judgeGate(
      gate,
      { ...health, startPeriodMs: 0, intervalMs: Math.min(health.intervalMs, 200) },
      clock.monotonic() - began,
    );
    if (verdict.type === 'failed') throw new CutoverError('gate_failed', `gate (${verdict.message})`);
    if (verdict.type === 'passed') return;
    await clock.sleep(verdict.delayMs, run.signal);
    const result = await prober.probe({ kind: 'static', bundle, spa }, health, run.signal);
    gate = recordProbe(gate, { ...health, startPeriodMs: 0 }, result, clock.monotonic() - began + 1);
  }
}
