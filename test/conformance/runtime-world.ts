import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ErrorCode } from '../../src/domain/errors.ts';
import type { ExecResult, InstanceSpec, InstanceStatus, OutputChunk, Runtime } from '../../src/engine/ports/runtime.ts';

/** What an instance of the suite does; each driver says by which command. */
export type Program =
  /** Listens on 3000 on every address and on 4000 on loopback; exits 0 at SIGTERM. */
  | 'serve'
  /** Prints "last words" and exits with 3. */
  | 'exit-3'
  /** Prints `out 1`, `err 1`, … `out 200`, `err 200` on both streams, then stays. */
  | 'chatter'
  /** Prints a line of 100,000 `x`, then `after`, then stays. */
  | 'long-line'
  /** Ignores SIGTERM. */
  | 'stubborn'
  /** Prints `bye` at SIGTERM and exits 0. */
  | 'polite'
  /** Takes memory without end. */
  | 'hungry'
  /** Runs for 300 ms, then exits with 1. */
  | 'flaky'
  /** Holds 50 MB, writes 40 MB to a file and no more, prints `ready`, then works without end. */
  | 'busy';

/** A command that the suite runs inside an instance. */
export type Errand =
  /** Prints "out" and the variable GREETING on stdout, "err" on stderr, and exits with 5. */
  | 'greet'
  /** No such program. */
  | 'absent'
  /** Prints 3 MB of `é` in lines, then exits with 0. */
  | 'flood'
  /** Prints "waiting", then waits for a child of its own; both have `54321` in their command lines. */
  | 'hang'
  /** Closes its outputs, and 300 ms later exits with 4. */
  | 'silent'
  /** Prints the command lines of everything that runs in the instance. */
  | 'processes'
  /** Writes "kept" to /data/word; exits with 0 when that worked. */
  | 'write'
  /** Prints /data/word. */
  | 'read';

export interface RuntimeUnderTest extends AsyncDisposable {
  readonly runtime: Runtime;
  readonly imageId: string;
  command(program: Program): readonly string[];
  errand(errand: Errand): readonly string[];
}

export const missingImage = `sha256:${'0'.repeat(64)}`;
export const limit = (): AbortSignal => AbortSignal.timeout(60_000);

/** A test of one promise, in a world of its own with the network of the project `shop`. */
export type Rule = (name: string, body: (world: World) => Promise<void>) => void;

export function rulesFor(driver: string, create: () => Promise<RuntimeUnderTest>): Rule {
  return (name, body) => {
    test(`${driver}: ${name}`, { timeout: 90_000 }, async () => {
      await using underTest = await create();
      const world = new World(underTest);
      await world.runtime.ensureNetwork('shop', limit());
      await body(world);
    });
  };
}

export class World {
  readonly runtime: Runtime;
  readonly imageId: string;
  readonly #underTest: RuntimeUnderTest;

  constructor(underTest: RuntimeUnderTest) {
    this.#underTest = underTest;
    this.runtime = underTest.runtime;
    this.imageId = underTest.imageId;
  }

  spec(program: Program, instanceId = 'i1'): InstanceSpec {
    return { ...instanceSpec, imageId: this.imageId, command: this.#underTest.command(program), instanceId };
  }

  start(program: Program, instanceId = 'i1'): Promise<InstanceStatus> {
    return this.runtime.start(this.spec(program, instanceId), limit());
  }

  exec(errand: Errand, instanceId = 'i1'): Promise<ExecResult> {
    return this.runtime.exec({ instanceId, command: this.command(errand), timeoutMs: 20_000 }, limit());
  }

  command(errand: Errand): readonly string[] {
    return this.#underTest.errand(errand);
  }

  async until(instanceId: string, wanted: (status: InstanceStatus) => boolean): Promise<InstanceStatus> {
    const status = await this.eventually(
      () => this.runtime.status(instanceId, limit()),
      (seen) => seen !== null && wanted(seen),
    );
    assert.ok(status);
    return status;
  }

  async untilPrinted(instanceId: string, text: string): Promise<void> {
    for await (const chunk of this.runtime.output(instanceId, null, limit())) if (chunk.text === text) return;
    assert.fail(`${instanceId} never printed ${text}`);
  }

  async eventually<T>(look: () => Promise<T>, wanted: (seen: T) => boolean): Promise<T> {
    const deadline = performance.now() + 20_000;
    for (;;) {
      const seen = await look();
      if (wanted(seen)) return seen;
      if (performance.now() > deadline) assert.fail(`not seen within 20 s; last: ${JSON.stringify(seen)}`);
      await sleep(50);
    }
  }
}

/** A spec to vary; `imageId` and `command` are the driver's. */
export const instanceSpec: InstanceSpec = {
  instanceId: 'i1',
  project: 'shop',
  environment: 'production',
  deploymentId: 'deployment-1',
  deploymentNumber: 1,
  process: 'web',
  ordinal: 1,
  imageId: missingImage,
  command: null,
  variables: { PORT: '3000' },
  port: 3000,
  cpuCores: 0.5,
  memoryMb: 64,
  stopGraceMs: 5_000,
  volumes: [],
};

export async function rejectsWith(code: ErrorCode, promise: Promise<unknown>, message = /./): Promise<void> {
  await assert.rejects(promise, (error: Error & { code?: string }) => {
    assert.equal(error.code, code, String(error));
    assert.match(error.message, message);
    return true;
  });
}

export async function collect(source: AsyncIterable<OutputChunk>): Promise<OutputChunk[]> {
  const chunks: OutputChunk[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return chunks;
}

export async function take(source: AsyncIterable<OutputChunk>, count: number): Promise<OutputChunk[]> {
  const chunks: OutputChunk[] = [];
  for await (const chunk of source) {
    chunks.push(chunk);
    if (chunks.length === count) break;
  }
  return chunks;
}

export function texts(chunks: readonly OutputChunk[]): string[] {
  return chunks.map((chunk) => chunk.text);
}
