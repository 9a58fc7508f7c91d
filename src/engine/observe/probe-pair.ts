import type { ProbePair } from '../../domain/evidence/health-cause.ts';
import { isHealthyAnswer } from '../../domain/health-check.ts';
import type { DeploymentRecord } from '../ports/deployment-store.ts';
import type { OpenObservation } from '../ports/observation-store.ts';
import type { Prober } from '../ports/prober.ts';
import { probeTargets } from '../workflows/probe-targets.ts';

/** Both versions at the same time, by the health check of the new one, so that what hits both is seen on both. */
export async function probeBoth(
  prober: Prober,
  { fresh, standby }: OpenObservation,
  signal: AbortSignal,
): Promise<ProbePair> {
  const [freshPassed, standbyPassed] = await Promise.all([
    passes(prober, fresh, signal),
    standby === null ? null : passes(prober, standby, signal),
  ]);
  return {
    fresh: freshPassed ? 'passed' : 'failed',
    standby: standbyPassed === null ? null : verdictOf(standbyPassed),
  };
}

function verdictOf(passed: boolean): 'passed' | 'failed' {
  return passed ? 'passed' : 'failed';
}

/** More than half of its instances are healthy: one of many that is down is for the router to avoid. */
async function passes(prober: Prober, record: DeploymentRecord, signal: AbortSignal): Promise<boolean> {
  const { health } = record.deployment.configuration.settings;
  const targets = probeTargets(record);
  const results = await Promise.all(targets.map((target) => prober.probe(target, health, signal)));
  const healthy = results.filter((result) => isHealthyAnswer(health, result)).length;
  return healthy > 0 && healthy * 2 > results.length;
}
