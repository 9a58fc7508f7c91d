import { z } from 'zod';
import type { RuntimeEvent } from '../../../engine/ports/runtime.ts';
import { instanceLabel } from './labels.ts';

/** Docker's words for what concerns us. They are matched whole: `exec_die` is not a `die`. */
export const watchedActions = ['start', 'oom', 'die', 'destroy'] as const;

/**
 * A container may outlive one of its processes that was killed for memory; what it dies of later is something else. Measured,
 * the container's end follows within 60 ms.
 */
const oomCausesExitMs = 10_000;

/** Of Docker's event only what concerns us; everything else about it may change with the engine. */
const dockerEvent = z.object({
  Action: z.string().optional(),
  Actor: z.object({ ID: z.string().optional(), Attributes: z.record(z.string(), z.string()).optional() }).optional(),
  /** Nanoseconds: too large for a number to hold exactly, but to a microsecond it does. */
  timeNano: z.number().optional(),
});

interface DockerExit {
  readonly at: number;
  readonly containerId: string | undefined;
  readonly exitCode: string | undefined;
}

/** Reads one subscription's lines in order: that an instance was killed for memory is told before its exit. */
export class EventReader {
  /** By instance: epoch ms. */
  readonly #outOfMemoryAt = new Map<string, number>();

  /** null for what does not concern an instance, and for what only tells something about a later event. */
  take(line: string): RuntimeEvent | null {
    if (line.trim() === '') return null;
    const { Action: action, Actor: actor, timeNano } = dockerEvent.parse(JSON.parse(line));
    const instanceId = actor?.Attributes?.[instanceLabel];
    if (instanceId === undefined) return null;
    const at = timeNano === undefined ? Date.now() : timeNano / 1e6;
    switch (action ?? '') {
      case 'start':
        this.#outOfMemoryAt.delete(instanceId);
        return { type: 'started', instanceId };
      case 'oom':
        this.#outOfMemoryAt.set(instanceId, at);
        return null;
      case 'die':
        return this.#exited(instanceId, { at, containerId: actor?.ID, exitCode: actor?.Attributes?.['exitCode'] });
      case 'destroy':
        return { type: 'removed', instanceId };
      default:
        return null;
    }
  }

  #exited(instanceId: string, exit: DockerExit): RuntimeEvent {
    const outOfMemoryAt = this.#outOfMemoryAt.get(instanceId);
    this.#outOfMemoryAt.delete(instanceId);
    const exitCode = Number.parseInt(exit.exitCode ?? '', 10);
    return {
      type: 'exited',
      instanceId,
      containerId: exit.containerId ?? null,
      at: Math.round(exit.at),
      exitCode: Number.isNaN(exitCode) ? null : exitCode,
      outOfMemory: outOfMemoryAt !== undefined && exit.at - outOfMemoryAt <= oomCausesExitMs,
    };
  }
}
