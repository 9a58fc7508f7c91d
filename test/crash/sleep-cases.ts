import { setTimeout as sleep } from 'node:timers/promises';
import { readServerState, dataDirectory } from '../../src/daemon/data-directory.ts';
import { counting } from '../e2e/apps.ts';
import { Stage } from '../e2e/stage.ts';
import { Sleeper } from '../harness/sleeper.ts';
import { CrashControls } from './controls.ts';
import { findLeaks } from './leaks.ts';
import { isAlive } from './processes.ts';
import { Records } from './records.ts';

/** What a preview does when the control plane is killed. */
export type Turn = 'sleep' | 'wake';

export interface SleepCase {
  readonly turn: Turn;
  readonly point: string;
}

export interface SleepResult extends SleepCase {
  readonly reached: boolean;
  /** The points that were passed in the turn. */
  readonly passed: readonly string[];
  readonly problems: readonly string[];
}

const leakLimitMs = 60_000;
const pollMs = 50;
/** At once. */
const visitors = 5;

/** A preview that falls asleep and wakes again and again, while the control plane is killed at each point of that. */
export class SleepCases implements AsyncDisposable {
  readonly #controls: CrashControls;
  readonly #stage: Stage;
  readonly #records: Records;
  readonly #sleeper: Sleeper;
  readonly #owned: AsyncDisposableStack;

  private constructor(
    {
      controls,
      stage,
      records,
      sleeper,
    }: { controls: CrashControls; stage: Stage; records: Records; sleeper: Sleeper },
    owned: AsyncDisposableStack,
  ) {
    this.#controls = controls;
    this.#stage = stage;
    this.#records = records;
    this.#sleeper = sleeper;
    this.#owned = owned;
  }

  static async open(): Promise<SleepCases> {
    await using stack = new AsyncDisposableStack();
    const controls = stack.use(new CrashControls());
    const stage = stack.use(await Stage.open({ variables: { crashPoints: controls.dir } }));
    const records = stack.use(new Records(stage.platform.dataDir));
    const sleeper = await Sleeper.create(stage, counting);
    return new SleepCases({ controls, stage, records, sleeper }, stack.move());
  }

  /** Of a turn in which nothing crashes, in their order. */
  async points(turn: Turn): Promise<readonly SleepCase[]> {
    const { problems, passed } = await this.#run({ turn, point: '' });
    if (problems.length > 0) throw new Error(`${turn} fails without any crash: ${problems.join('; ')}`);
    return [...new Set(passed)].map((point) => ({ turn, point }));
  }

  run(one: SleepCase): Promise<SleepResult> {
    return this.#run(one);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }

  async #run({ turn, point }: SleepCase): Promise<SleepResult> {
    await this.#sleeper.untilAsleep();
    const problems: string[] = [];
    if (turn === 'sleep') problems.push(...(await this.#visit()));
    problems.push(...(await this.#untilClean()));
    this.#controls.arm(point === '' ? [] : [point]);
    using watch = this.#restarting();
    problems.push(...(await (turn === 'wake' ? this.#visit() : this.#untilAsleep())));
    problems.push(...(await this.#untilClean()));
    const passed = this.#controls.passed();
    this.#controls.arm([]);
    const reached = await watch.deaths();
    // Whatever was interrupted, who comes is served.
    if (turn === 'sleep') problems.push(...(await this.#visit()));
    return { turn, point, reached: reached > 0, passed, problems };
  }

  async #untilAsleep(): Promise<string[]> {
    await this.#sleeper.untilAsleep();
    return [];
  }

  async #visit(): Promise<string[]> {
    const sizes = Array.from({ length: visitors }, (_, index) => index * 10_000);
    const statuses = await Promise.all(sizes.map((bytes) => this.#sleeper.visit(bytes)));
    return statuses.filter((status) => status !== 200).map((status) => `a request ended with ${status}`);
  }

  /** Until it is disposed of the control plane is started again when it dies. */
  #restarting(): Disposable & { readonly deaths: () => Promise<number> } {
    const { platform } = this.#stage;
    const over = new AbortController();
    let deaths = 0;
    const running = (async () => {
      while (!over.signal.aborted) {
        const state = await readServerState(dataDirectory(platform.dataDir));
        if (state === null || !isAlive(state.pid)) {
          deaths += 1;
          await platform.startControlPlane();
        }
        await sleep(pollMs);
      }
    })();
    const end = () => over.abort();
    return { [Symbol.dispose]: end, deaths: () => (end(), running.then(() => deaths)) };
  }

  async #untilClean(): Promise<readonly string[]> {
    const deadline = performance.now() + leakLimitMs;
    for (;;) {
      const leaks = await findLeaks(this.#stage.platform, this.#records);
      if (leaks.length === 0 || performance.now() > deadline) return leaks;
      await sleep(pollMs);
    }
  }
}
