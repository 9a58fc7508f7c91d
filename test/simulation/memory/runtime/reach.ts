import { CutoverError } from '../../../../src/domain/errors.ts';
import type { Clock } from '../../../../src/engine/ports/clock.ts';
import type { Containers } from './containers.ts';

/** The control plane that asks. */
export interface Caller {
  readonly clock: Clock;
  /** Aborted when it dies: of what takes several steps, those that are left are not done. */
  readonly life: AbortSignal;
}

/** The machine, where its engine answers and the caller lives. Every call begins here. */
export function reach<M extends { readonly containers: Containers }>(
  machine: M,
  { life }: Caller,
  signal: AbortSignal,
): M {
  signal.throwIfAborted();
  life.throwIfAborted();
  if (!machine.containers.isUp) throw new CutoverError('runtime_unavailable', 'the engine does not answer');
  return machine;
}

/** Between two calls of the engine: others come in between, and the caller may have died. */
export async function nextStep({ life }: Caller): Promise<void> {
  await Promise.resolve();
  life.throwIfAborted();
}
