import { randomUUID } from 'node:crypto';
import type { Builder, BuildLine, BuildRequest, BuiltImage } from '../../../engine/ports/builder.ts';
import { CutoverError } from '../../../domain/errors.ts';
import { createBuildProgress } from './build-progress.ts';
import { runBuild, type BuildRun } from './build-run.ts';
import { explainFailure, isFrontendMissing } from './build-failure.ts';
import { createDockerApi, type DockerApi } from './docker-api.ts';
import { exportFiles } from './export-files.ts';
import { findImage, removeTag } from './images.ts';

export interface BuildKitOptions {
  /** Docker Engine's socket. */
  readonly socketPath: string;
}

/** BuildKit inside Docker Engine, by `POST /build?version=2`. The engine alone holds state: any number of builders may be made. */
export function createBuildKitBuilder(options: BuildKitOptions): Builder {
  const docker = createDockerApi(options.socketPath);
  return {
    build: (request, onLine, signal) => build(docker, request, onLine, signal),
    exportFiles: (imageId, path, signal) => exportFiles(docker, imageId, path, signal),
  };
}

type OnLine = (line: BuildLine) => void;

async function build(
  docker: DockerApi,
  request: BuildRequest,
  onLine: OnLine,
  signal: AbortSignal,
): Promise<BuiltImage> {
  const dockerfile = request.plan.dockerfile;
  if (dockerfile === null) throw new CutoverError('internal', 'the plan has nothing to build');
  const limit = AbortSignal.timeout(request.timeoutMs);
  const both = AbortSignal.any([signal, limit]);
  try {
    const imageId = await buildWithFallback(docker, { request, dockerfile, onLine, signal: both });
    return await findImage(docker, imageId, both);
  } catch (error) {
    if (!both.aborted) throw error;
    await removeTag(docker, request.tag);
    if (signal.aborted) throw signal.reason;
    throw new CutoverError('build_timed_out', `the build took longer than ${Math.round(request.timeoutMs / 1000)} s`, {
      cause: error,
    });
  }
}

interface Attempt {
  readonly request: BuildRequest;
  readonly dockerfile: string;
  readonly onLine: OnLine;
  readonly signal: AbortSignal;
}

/**
 * A `# syntax=` line makes BuildKit pull an image that reads the Dockerfile. Where that cannot be had, the built-in reader
 * is tried once: it understands all but the newest syntax.
 */
async function buildWithFallback(docker: DockerApi, attempt: Attempt): Promise<string> {
  const progress = createBuildProgress(attempt.onLine);
  const run: BuildRun = { ...attempt, buildId: randomUUID(), onStatus: (status) => progress.take(status) };
  const first = await runBuild(docker, run);
  if (first.imageId !== null) return first.imageId;
  const plain = withoutSyntaxLine(attempt.dockerfile);
  if (plain !== attempt.dockerfile && isFrontendMissing(progress.failedStep())) {
    attempt.onLine({
      stream: 'progress',
      text: 'the image of the `# syntax` line cannot be pulled: trying once without that line',
    });
    return buildWithFallback(docker, { ...attempt, dockerfile: plain });
  }
  throw explainFailure(first.message, progress.failedStep());
}

/** The line stays, emptied to a comment, so that line numbers in messages stay right. */
function withoutSyntaxLine(dockerfile: string): string {
  return dockerfile.replace(/^((?:\uFEFF)?(?:#.*\r?\n)*?)#[ \t]*syntax[ \t]*=.*$/im, '$1#');
}
