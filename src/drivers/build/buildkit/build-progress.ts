import type { BuildLine } from '../../../engine/ports/builder.ts';
import { createLineSplitter, type LineSplitter } from './line-splitter.ts';
import type { Status, Vertex } from './trace.ts';

const keptLines = 20;

/** The step that broke the build, and the end of what it wrote. */
export interface FailedStep {
  readonly name: string;
  readonly error: string;
  readonly lastLines: readonly string[];
}

/** Turns BuildKit's graph of steps into lines as they happen; remembers what is needed to tell why a build failed. */
export interface BuildProgress {
  take(status: Status): void;
  failedStep(): FailedStep | null;
}

interface Step {
  readonly name: string;
  readonly tail: string[];
  readonly splitters: Record<'stdout' | 'stderr', LineSplitter>;
  announced: boolean;
  finished: boolean;
  error: string;
}

export function createBuildProgress(
  onLine: (line: BuildLine) => void,
  plainName: (stepName: string) => string,
): BuildProgress {
  const steps = new Map<string, Step>();

  const write = (step: Step, stream: 'stdout' | 'stderr', lines: readonly string[]) => {
    for (const text of lines) {
      step.tail.push(text);
      if (step.tail.length > keptLines) step.tail.shift();
      onLine({ stream, text });
    }
  };

  const stepOf = (vertex: Vertex) => {
    const known = steps.get(vertex.digest);
    if (known !== undefined) return known;
    const splitters = { stdout: createLineSplitter(), stderr: createLineSplitter() };
    const name = plainName(vertex.name);
    const step: Step = { name, tail: [], splitters, announced: false, finished: false, error: '' };
    steps.set(vertex.digest, step);
    return step;
  };

  const finish = (step: Step, vertex: Vertex) => {
    step.finished = true;
    step.error = plainName(vertex.error);
    for (const stream of ['stdout', 'stderr'] as const) write(step, stream, step.splitters[stream].end());
    if (isShown(step.name)) onLine({ stream: 'progress', text: `${labelOf(step.name)} ${outcomeOf(vertex)}` });
  };

  return {
    take(status) {
      for (const vertex of status.vertexes) {
        const step = stepOf(vertex);
        if (vertex.started === null || step.announced) continue;
        step.announced = true;
        if (isShown(step.name)) onLine({ stream: 'progress', text: step.name });
      }
      for (const { vertex, stream, bytes } of status.logs) {
        const step = steps.get(vertex);
        if (step !== undefined) write(step, stream, step.splitters[stream].push(bytes));
      }
      for (const vertex of status.vertexes) {
        const step = stepOf(vertex);
        if (vertex.completed !== null && !step.finished) finish(step, vertex);
      }
    },
    failedStep() {
      const failed = [...steps.values()].filter((step) => step.error !== '');
      // When one step fails, those running beside it are cancelled and report that.
      const cause = failed.find((step) => !/context canceled/.test(step.error)) ?? failed[0];
      return cause === undefined ? null : { name: cause.name, error: cause.error, lastLines: cause.tail };
    },
  };
}

/** BuildKit's own house-keeping is not shown, except which images it asks for. */
function isShown(name: string): boolean {
  return !/^\[internal\] (?!load metadata)|^copy \/context/.test(name);
}

/** `[build 2/4]` of `[build 2/4] RUN npm ci`. */
function labelOf(name: string): string {
  return /^\[(?!internal)[^\]]+\]/.exec(name)?.[0] ?? name;
}

function outcomeOf(vertex: Vertex): string {
  if (vertex.error !== '') return /context canceled/.test(vertex.error) ? 'cancelled' : 'failed';
  if (vertex.cached) return 'cached';
  const milliseconds = (vertex.completed ?? 0) - (vertex.started ?? vertex.completed ?? 0);
  return `done in ${(milliseconds / 1000).toFixed(1)} s`;
}
