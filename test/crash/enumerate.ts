import { allCases, nameOf, scenarioNames, type CrashCase, type ScenarioName } from './crash-case.ts';
import { CrashRun, type CrashResult } from './crash-run.ts';

/** Runs cases one after the other on one platform; on a new one where a case has left something wrong behind. */
export class Enumeration implements AsyncDisposable {
  readonly #say: (line: string) => void;
  #run: CrashRun | null = null;

  constructor(say: (line: string) => void) {
    this.#say = say;
  }

  /** Every case there is, by what a run without a crash passes. */
  async cases(scenarios: readonly ScenarioName[] = scenarioNames): Promise<readonly CrashCase[]> {
    const cases: CrashCase[] = [];
    for (const scenario of scenarios) {
      const points = await (await this.#platform()).points(scenario);
      this.#say(`${scenario} passes ${points.length} points`);
      cases.push(...allCases(scenario, points));
    }
    return cases;
  }

  async run(one: CrashCase): Promise<CrashResult> {
    const name = nameOf(one);
    const run = await this.#platform();
    const result = await run.run(one).catch((error: unknown) => broken(name, error));
    if (result.problems.length === 0) return result;
    const evidence = await run.evidence().catch((error: unknown) => `nothing more is known: ${String(error)}`);
    this.#say([`${name} FAILED`, ...result.problems, evidence, `again: bin/bench crash --only '${name}'`].join('\n  '));
    await this[Symbol.asyncDispose]();
    return result;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const run = this.#run;
    this.#run = null;
    await run?.[Symbol.asyncDispose]();
  }

  async #platform(): Promise<CrashRun> {
    this.#run ??= await CrashRun.open();
    return this.#run;
  }
}

/** Nothing is known of it but that it is not as it should be. */
function broken(name: string, error: unknown): CrashResult {
  const problems = [error instanceof Error ? (error.stack ?? error.message) : String(error)];
  return { name, crashes: 0, reached: true, requests: 0, failed: 0, recoveryMs: null, leaks: [], problems };
}
