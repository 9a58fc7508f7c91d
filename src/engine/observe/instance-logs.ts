import { instanceLogName } from '../../domain/deployment.ts';
import type { Clock } from '../ports/clock.ts';
import type { Logs, LogWriter, Masker } from '../ports/logs.ts';
import type { OperatorLog } from '../ports/ports.ts';
import type { Runtime } from '../ports/runtime.ts';

interface FollowedInstance {
  readonly id: string;
  readonly startedBy: string;
  readonly mask: Masker;
}

interface InstanceLogsOptions {
  readonly runtime: Runtime;
  readonly logs: Logs;
  readonly clock: Clock;
  readonly log: OperatorLog;
}

const settleLimitMs = 2_000;

interface Following {
  readonly ended: Promise<void>;
  /** One for each: who waits for a signal is looked for among all who do. */
  readonly stop: AbortController;
}

/** Keeps what every instance prints, also after its container is gone. One follower per instance, resumed where it stopped. */
export class InstanceLogs {
  readonly #options: InstanceLogsOptions;
  readonly #following = new Map<string, Following>();
  #isClosed = false;

  constructor(options: InstanceLogsOptions) {
    this.#options = options;
  }

  /** Begins to keep the instance's output; a second call for the same instance changes nothing. */
  follow(instance: FollowedInstance): void {
    if (this.#following.has(instance.id) || this.#isClosed) return;
    const stop = new AbortController();
    const ended = this.#keep(instance, stop.signal)
      .catch((error: unknown) => {
        if (!stop.signal.aborted)
          this.#options.log.warn({ instance: instance.id, error: String(error) }, 'an instance log broke off');
      })
      .finally(() => this.#following.delete(instance.id));
    this.#following.set(instance.id, { ended, stop });
  }

  isFollowing(instanceId: string): boolean {
    return this.#following.has(instanceId);
  }

  /** Waits until everything that a stopped instance printed is kept; gives up after two seconds for one that still runs. */
  async settle(instanceId: string): Promise<void> {
    const limit = new AbortController();
    const ended = (this.#following.get(instanceId)?.ended ?? Promise.resolve()).then(() => limit.abort());
    await Promise.race([ended, this.#options.clock.sleep(settleLimitMs, limit.signal).catch(() => undefined)]);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const following = [...this.#following.values()];
    for (const { stop } of following) stop.abort();
    await Promise.allSettled(following.map(({ ended }) => ended));
  }

  async #keep(instance: FollowedInstance, signal: AbortSignal): Promise<void> {
    const { runtime, logs } = this.#options;
    await using writer = await logs.open(instanceLogName(instance), instance.mask);
    // A stream can break while the instance runs on. After an exit the reconciler begins again if the instance comes back.
    for (;;) {
      await this.#drain(instance.id, writer, signal);
      const status = await runtime.status(instance.id, signal);
      if (status?.running !== true) return;
      await this.#options.clock.sleep(500, signal);
    }
  }

  async #drain(instanceId: string, writer: LogWriter, signal: AbortSignal): Promise<void> {
    const { runtime } = this.#options;
    for await (const chunk of runtime.output(instanceId, writer.lastPosition(), signal)) {
      await writer.write({
        at: Date.parse(chunk.position),
        stream: chunk.stream,
        text: chunk.text,
        position: chunk.position,
      });
    }
    await writer.flush();
  }
}
