import { nextDrainAction } from '../../domain/drain.ts';
import type { SlotNumber } from '../../domain/route.ts';
import type { DeploymentRun } from './deployment-run.ts';

const closePauseMs = 50;

interface Drained {
  /** Sessions that were closed at the timeout. */
  readonly closed: number;
  readonly durationMs: number;
  /** Those among them that the router counts as failed. */
  readonly cut: number;
}

/**
 * Waits until nothing is in flight in the slot, closing at the deadline what is left. Where a route leads there again, because the version's
 * successor is suspected, there is nothing to wait for: it stays up, and a deployment must not wait for a suspicion to be cleared.
 */
export async function drainSlot(
  run: DeploymentRun,
  slot: SlotNumber,
  { drainTimeoutMs, signal }: { readonly drainTimeoutMs: number; readonly signal: AbortSignal },
): Promise<Drained> {
  const { clock, router } = run.ports;
  const began = clock.monotonic();
  const failures = async () => (await router.counters(slot, signal)).failed;
  let atDeadline: { readonly open: number; readonly failed: number } | null = null;
  let closed = 0;
  for (;;) {
    if (await isOnRoute(run, slot)) return { closed, durationMs: clock.monotonic() - began, cut: 0 };
    const open = await openSessions(run, slot, signal);
    const sinceStartMs = clock.monotonic() - began;
    const action = nextDrainAction({ sinceStartMs, open, openAtDeadline: atDeadline?.open ?? null }, drainTimeoutMs);
    if (action.type === 'done') {
      const since = atDeadline === null ? 0 : (await failures()) - atDeadline.failed;
      // What failed besides is the app's own failure.
      return { closed, durationMs: sinceStartMs, cut: Math.min(since, closed) };
    }
    if (action.type === 'wait') await clock.sleep(action.delayMs, signal);
    else {
      atDeadline ??= { open, failed: await failures() };
      run.assertHeld();
      closed += await router.closeSessions(slot, null, action.count, signal);
      await clock.sleep(closePauseMs, signal);
    }
  }
}

/** Visitors are sent there now. */
export async function isOnRoute(run: DeploymentRun, slot: SlotNumber): Promise<boolean> {
  const target = (await run.ports.deployments.route(run.lease.environmentId))?.target ?? null;
  return target !== null && target.mode === 'serve' && (target.stable === slot || target.candidate === slot);
}

/** Zero only when it was zero twice: a request may be between the route and its server at the first look. */
export async function openSessions(run: DeploymentRun, slot: SlotNumber, signal: AbortSignal): Promise<number> {
  const first = await run.ports.router.inFlight(slot, null, signal);
  if (first > 0) return first;
  await run.ports.clock.sleep(60, signal);
  return run.ports.router.inFlight(slot, null, signal);
}
