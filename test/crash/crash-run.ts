import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { dataDirectory } from '../../src/daemon/data-directory.ts';
import { startLoad } from '../bench/load/load-process.ts';
import { Stage } from '../e2e/stage.ts';
import { CrashControls } from './controls.ts';
import { nameOf, type CrashCase, type ScenarioName } from './crash-case.ts';
import { findLeaks } from './leaks.ts';
import { judge } from './judge.ts';
import { Records } from './records.ts';
import { scenarios, type Act } from './scenarios.ts';
import { drainTimeoutMs, Subject } from './subject.ts';
import { recoveryLimitMs, survive, type Scene } from './survive.ts';

export interface CrashResult {
  readonly name: string;
  /** How often the control plane died: as often as it was to, or the point was not reached. */
  readonly crashes: number;
  readonly reached: boolean;
  readonly requests: number;
  readonly failed: number;
  /** From the last start of the control plane until the deployment had ended; null where it did not in time. */
  readonly recoveryMs: number | null;
  /** What is still there a minute later and should not be. */
  readonly leaks: readonly string[];
  /** Everything that is wrong, in sentences; empty when all is well. */
  readonly problems: readonly string[];
}

/** As long as anything may be orphaned. */
const leakLimitMs = 60_000;
const pollMs = 100;
const logLines = 20;

/** A platform with one project, on which one case after the other is run. */
export class CrashRun implements AsyncDisposable {
  readonly #scene: Scene;
  readonly #records: Records;
  readonly #owned: AsyncDisposableStack;

  private constructor(scene: Scene, records: Records, owned: AsyncDisposableStack) {
    this.#scene = scene;
    this.#records = records;
    this.#owned = owned;
  }

  static async open(): Promise<CrashRun> {
    await using stack = new AsyncDisposableStack();
    const controls = stack.use(new CrashControls());
    const stage = stack.use(await Stage.open({ variables: { crashPoints: controls.dir } }));
    const records = stack.use(new Records(stage.platform.dataDir));
    const subject = stack.use(await Subject.create(stage));
    return new CrashRun({ controls, stage, subject }, records, stack.move());
  }

  /** The points of a run in which nothing crashes, in their order. */
  async points(scenario: ScenarioName): Promise<readonly string[]> {
    const { problems } = await this.#run(scenario, []);
    if (problems.length > 0) throw new Error(`${scenario} fails without any crash: ${problems.join('; ')}`);
    return this.#scene.controls.passed();
  }

  run(one: CrashCase): Promise<CrashResult> {
    const { scenario, point, second } = one;
    return this.#run(scenario, second === null ? [point] : [point, `+${second}`], nameOf(one));
  }

  /** For whoever has to find out: what was passed, the newest deployment's story, and the end of what the control plane said. */
  async evidence(): Promise<string> {
    const { platform } = this.#scene.stage;
    const newest = await this.#scene.subject.newest();
    const story = await this.#scene.stage.timeline(Subject.project, newest ?? 0);
    const said = await readFile(dataDirectory(platform.dataDir).serverLog, 'utf8');
    return [
      `passed: ${this.#scene.controls.passed().join(', ')}`,
      ...story.map(({ at, text }) => `${at} ${text}`),
      ...said.trim().split('\n').slice(-logLines),
    ].join('\n');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }

  async #run(name: ScenarioName, plan: readonly string[], title: string = name): Promise<CrashResult> {
    const scenario = scenarios[name];
    const act = await scenario.prepare(this.#scene.subject);
    await using load = startLoad({ ...visitors, port: this.#scene.stage.platform.routerPort });
    await this.#scene.stage.until('the first visitors', async () => (load.requests() > 0 ? true : null));
    this.#scene.controls.arm(plan);
    const { number, crashes, recoveryMs } = await survive(this.#scene, act.act, plan.length);
    const leaks = await this.#untilClean(act);
    const report = await load.stop();
    const reached = crashes === plan.length;
    const { deployment } = await this.#scene.subject.detail(number);
    this.#scene.subject.learn(deployment);
    const problems = [
      ...report.samples.map((sample) => `a request failed: ${JSON.stringify(sample)}`),
      ...(recoveryMs === null
        ? [`#${number} is ${deployment.state} ${recoveryLimitMs / 1_000} s after the restart`]
        : []),
      ...leaks,
      ...(await judge({ subject: this.#scene.subject, records: this.#records }, deployment, scenario.outcome)),
    ];
    return {
      name: title,
      crashes,
      reached,
      requests: report.requests,
      failed: report.failed,
      recoveryMs,
      leaks,
      problems,
    };
  }

  async #untilClean({ leftovers }: Act): Promise<readonly string[]> {
    const deadline = performance.now() + leakLimitMs;
    for (;;) {
      const leaks = [...(await findLeaks(this.#scene.stage.platform, this.#records)), ...(leftovers?.() ?? [])];
      if (leaks.length === 0 || performance.now() > deadline) return leaks;
      await sleep(pollMs);
    }
  }
}

const visitors = {
  address: '127.0.0.1',
  host: Subject.host,
  ratePerSecond: 200,
  mix: { 'keep-alive': 60, 'new-connection': 20, post: 20, slow: 0 },
  webSockets: 0,
  eventStreams: 0,
  drainTimeoutMs,
  timeoutMs: 10_000,
  toleranceMs: 250,
} as const;
