import { isCancellable, isFinal } from '../../domain/deployment-state.ts';
import { CutoverError, isTerminal } from '../../domain/errors.ts';
import { FencedError, type DeploymentRecord, type Verdict } from '../ports/deployment-store.ts';
import type { Step } from './deploy.ts';
import type { DeploymentRun } from './deployment-run.ts';

const longestDelayMs = 10_000;
const triesBeforeTraffic = 5;

/**
 * Runs a step until it succeeds, or it is certain that it will not (resolves to the verdict), or somebody pauses the deployment. Retries what may
 * pass (an engine that does not answer) with backoff: a few times while the old version serves alone, and without an end once
 * traffic has moved, because then the only way is forward.
 */
export async function persevere(run: DeploymentRun, step: Step): Promise<Verdict | 'done' | 'paused'> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await step.run(run);
      return 'done';
    } catch (error) {
      const verdict = await judge(run, error, attempt);
      // It was done, and only its answer was lost. Of what is completed nobody's wish is this leader's to grant.
      if ((verdict === null || run.deployment.state === 'completed') && step.isDone(run.record)) return 'done';
      if (verdict !== null) return verdict;
      const delayMs = Math.min(longestDelayMs, 500 * 2 ** attempt);
      run.workshop.log.warn(
        { deployment: run.deployment.id, step: step.name, attempt, error: describe(error) },
        'step failed, trying again',
      );
      run.say(`trying again in ${delayMs / 1000} s: ${messageOf(error)}`);
      await run.ports.clock.sleep(delayMs, run.signal).catch(() => undefined);
      await run.reload();
    }
  }
}

/** null: try again. Throws what the leader must not handle: a lost lease. */
async function judge(run: DeploymentRun, error: unknown, attempt: number): Promise<Verdict | 'paused' | null> {
  if (error instanceof FencedError || run.leaseSignal.aborted) throw error;
  await run.reload();
  // What was wanted has been done, by whoever leads it since this process stood still.
  if (isFinal(run.deployment.state) || (run.record.want === null && run.signal.aborted))
    throw new FencedError(run.lease.deploymentId);
  const unwanted = verdictOfWant(run.record);
  if (unwanted !== null) return unwanted;
  // Not while visitors wait.
  if (isPauseWanted(run.record) && run.heldSince === null) return 'paused';
  if (run.record.serves) return null;
  return isTerminal(error) || attempt >= triesBeforeTraffic ? failure(error) : null;
}

/** How a deployment ends that somebody wants to end; null when nobody does, or when it is too late to be cancelled. */
export function verdictOfWant({ want, wantedVerdict, deployment }: DeploymentRecord): Verdict | null {
  const cancellable = isCancellable(deployment.state);
  if (want === 'delete')
    return { outcome: cancellable ? 'cancelled' : 'stopped', code: 'cancelled', reason: 'deleted' };
  if (want === 'cancel' && cancellable)
    return wantedVerdict ?? { outcome: 'cancelled', code: 'cancelled', reason: 'cancelled by a user' };
  if (want === 'take-back') return wantedVerdict;
  return null;
}

/** A rollout can be held from its first instance on (rule 2.2). */
export function isPauseWanted({ want, deployment }: DeploymentRecord): boolean {
  return want === 'pause' && (deployment.state === 'deploying' || deployment.state === 'ready');
}

function failure(error: unknown): Verdict {
  const code = error instanceof CutoverError ? error.code : 'internal';
  return { outcome: 'failed', code, reason: messageOf(error) };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
