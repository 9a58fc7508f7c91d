import { appendFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

/**
 * How a method of a port is numbered. `acts`: before and after every call. `finds`: asked again and again, so only after a call that
 * found something. `looks`: changes nothing, and is not numbered.
 */
export type Kind = 'acts' | 'finds' | 'looks';

/** Every method of a port has its kind, so that the compiler refuses a new one that was forgotten. */
export type Kinds<T> = {
  readonly [M in keyof T as T[M] extends (...args: never[]) => unknown ? M : never]: Kind;
};

/** The file that says at which points to crash: the name of the run, then one point a line. */
export const planFile = 'plan';
/** The points that were passed, one a line: name of the run, process id, point. */
export const passedFile = 'passed';

/**
 * Kills its own process at points given from outside. For tests alone: it is made only where the settings name a directory for it. A point
 * is `<call>:<occurrence>:<before|after>`, as `runtime.start:1:after`, or `+<n>`, the n-th point the process passes in the run. Occurrences
 * count from when a run was given a new name, or from the start of the process. A point at which the process was killed is crossed out of the plan.
 */
export class CrashPoints {
  readonly #dir: string;
  #run = '';
  #calls = new Map<string, number>();
  #passed = 0;

  constructor(dir: string) {
    this.#dir = dir;
  }

  /** `port` with its calls numbered. */
  watch<T extends object>(name: string, port: T, kinds: Kinds<T>): T {
    const kindOf = new Map<PropertyKey, unknown>(Object.entries(kinds));
    return new Proxy(port, {
      get: (target, key) => {
        // Not by way of the proxy: classes may look at their private members.
        const member: unknown = Reflect.get(target, key, target);
        if (typeof member !== 'function') return member;
        const call = `${name}.${String(key)}`;
        const kind = kindOf.get(key);
        return (...args: unknown[]): unknown => {
          const work = (): unknown => Reflect.apply(member, target, args);
          if (kind === 'acts') return this.#around(call, work);
          return kind === 'finds' ? this.#afterFinding(call, work) : work();
        };
      },
    });
  }

  /** Something is about to be done. The returned function is called when it is done, or has failed. */
  begin(call: string): () => void {
    const run = this.#readRun();
    const occurrence = this.#count(call);
    this.#pass(`${call}:${occurrence}:before`);
    return () => {
      if (this.#readRun() === run) this.#pass(`${call}:${occurrence}:after`);
    };
  }

  #around(call: string, work: () => unknown): unknown {
    const end = this.begin(call);
    const result = work();
    if (result instanceof Promise) return result.finally(end);
    end();
    return result;
  }

  async #afterFinding(call: string, work: () => unknown): Promise<unknown> {
    const found = await work();
    if (found === null) return found;
    this.#readRun();
    this.#pass(`${call}:${this.#count(call)}:after`);
    return found;
  }

  #count(call: string): number {
    const occurrence = (this.#calls.get(call) ?? 0) + 1;
    this.#calls.set(call, occurrence);
    return occurrence;
  }

  #pass(point: string): void {
    const [, next, ...later] = this.#readPlan();
    this.#passed += 1;
    appendFileSync(join(this.#dir, passedFile), `${this.#run} ${process.pid} ${point}\n`);
    if (next !== point && next !== `+${this.#passed}`) return;
    this.#crossOut(later);
    process.kill(process.pid, 'SIGKILL');
  }

  /** Whoever reads it meanwhile finds the old plan or the new one, never half of it. */
  #crossOut(later: readonly string[]): void {
    const path = join(this.#dir, planFile);
    writeFileSync(`${path}.${process.pid}`, [this.#run, ...later].join('\n'));
    renameSync(`${path}.${process.pid}`, path);
  }

  /** A new run begins to count anew. */
  #readRun(): string {
    const [run = ''] = this.#readPlan();
    if (run !== this.#run) {
      this.#run = run;
      this.#calls = new Map();
      this.#passed = 0;
    }
    return run;
  }

  #readPlan(): readonly string[] {
    return readFileSync(join(this.#dir, planFile), 'utf8').split('\n');
  }
}
