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

/** Keeps what every instance prints, also after its container is gone. One follower per instance, resumed where it stopped. */
export class InstanceLogs {
  readonly #options: InstanceLogsOptions;
  readonly #following = new Map<string, Promise<void>>();
  readonly #stop = new AbortController();

  constructor(options: InstanceLogsOptions) {
    this.#options = options;
  }

  /** Begins to keep the instance's output; a second call for the same instance changes nothing. */
  follow(instance: FollowedInstance): void {
    if (this.#following.has(instance.id) || this.#stop.signal.aborted) return;
    const following = this.#keep(instance)
      .catch((error: unknown) => {
        if (!this.#stop.signal.aborted)
          this.#options.log.warn({ instance: instance.id, error: String(error) }, 'an instance log broke off');
      })
      .finally(() => this.#following.delete(instance.id));
    this.#following.set(instance.id, following);
  }

  isFollowing(instanceId: string): boolean {
    return this.#following.has(instanceId);
  }

  /** Waits until everything that a stopped instance printed is kept; gives up after two seconds for one that still runs. */
  async settle(instanceId: string): Promise<void> {
    const limit = new AbortController();
    const ended = (this.#following.get(instanceId) ?? Promise.resolve()).then(() => limit.abort());
    await Promise.race([ended, this.#options.clock.sleep(settleLimitMs, limit.signal).catch(() => undefined)]);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.allSettled(this.#following.values());
  }

  async #keep(instance: FollowedInstance): Promise<void> {
    const { runtime, logs } = this.#options;
    await using writer = await logs.open(instanceLogName(instance), instance.mask);
    // A stream can break while the instance runs on. After an exit the reconciler begins again if the instance comes back.
    for (;;) {
      await this.#drain(instance.id, writer);
      const status = await runtime.status(instance.id, this.#stop.signal);
      if (status?.running !== true) return;
      await this.#options.clock.sleep(500, this.#stop.signal);
    }
  }

  async #drain(instanceId: string, writer: LogWriter): Promise<void> {
    const { runtime } = this.#options;
    for await (const chunk of runtime.output(instanceId, writer.lastPosition(), this.#stop.signal)) {
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
