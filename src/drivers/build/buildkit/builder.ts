import { randomUUID } from 'node:crypto';
import type { Builder, BuildLine, BuildRequest, BuiltImage } from '../../../engine/ports/builder.ts';
import { CutoverError } from '../../../domain/errors.ts';
import { noBuildLimits, type BuildLimits, type EnforcedLimits } from '../limits/build-limits.ts';
import { createBuildGate } from './build-gate.ts';
import { openNetwork, resolveNetwork, type BuildNetwork, type ResolvedNetwork } from './build-network.ts';
import { createBuildProgress } from './build-progress.ts';
import { runBuild, type BuildRun } from './build-run.ts';
import { explainFailure, isFrontendMissing } from './build-failure.ts';
import { createDockerApi, type DockerApi } from './docker-api.ts';
import { exportFiles } from './export-files.ts';
import { findImage, removeTag } from './images.ts';
import { prepareDockerfile } from './prepare-dockerfile.ts';

export interface BuildKitOptions {
  /** Docker Engine's socket. */
  readonly socketPath: string;
  /** Of all builds together; left out: none but those of time. */
  readonly limits?: BuildLimits;
  /** Left out: the network is open. */
  readonly network?: BuildNetwork;
}

/** BuildKit inside Docker Engine, by `POST /build?version=2`. One builder for all builds of a process: those without cache are kept apart from the others. */
export function createBuildKitBuilder(options: BuildKitOptions): Builder {
  const docker = createDockerApi(options.socketPath);
  const enter = createBuildGate();
  return {
    async build(request, onLine, signal) {
      const leave = await enter(request.noCache, signal);
      try {
        return await build(
          { docker, limits: noBuildLimits, network: openNetwork, ...options },
          request,
          onLine,
          signal,
        );
      } finally {
        leave();
      }
    },
    exportFiles: (imageId, path, signal) => exportFiles(docker, imageId, path, signal),
  };
}

type OnLine = (line: BuildLine) => void;

interface BuildKit {
  readonly docker: DockerApi;
  readonly limits: BuildLimits;
  readonly network: BuildNetwork;
}

async function build(
  { docker, limits, network }: BuildKit,
  request: BuildRequest,
  onLine: OnLine,
  signal: AbortSignal,
): Promise<BuiltImage> {
  const dockerfile = request.plan.dockerfile;
  if (dockerfile === null) throw new CutoverError('internal', 'the plan has nothing to build');
  const limit = AbortSignal.timeout(request.timeoutMs);
  const both = AbortSignal.any([signal, limit]);
  try {
    await using enforced = await limits.enforce(both);
    const imageId = await buildWithFallback(docker, {
      request,
      dockerfile,
      ...(await resolveNetwork(network)),
      onLine,
      enforced,
      signal: both,
    });
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

interface Attempt extends ResolvedNetwork {
  readonly request: BuildRequest;
  readonly dockerfile: string;
  readonly onLine: OnLine;
  readonly enforced: EnforcedLimits;
  readonly signal: AbortSignal;
}

/**
 * A `# syntax=` line makes BuildKit pull an image that reads the Dockerfile. Where that cannot be had, the built-in reader
 * is tried once: it understands all but the newest syntax.
 */
async function buildWithFallback(docker: DockerApi, attempt: Attempt): Promise<string> {
  const dockerfile = prepareDockerfile(attempt.dockerfile, attempt.request, attempt);
  const progress = createBuildProgress(attempt.onLine, dockerfile.plainName);
  const run: BuildRun = { ...attempt, dockerfile, buildId: randomUUID(), onStatus: (status) => progress.take(status) };
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
  const shortOfMemory = await attempt.enforced.wasShortOfMemory();
  throw explainFailure(dockerfile.plainName(first.message), progress.failedStep(), shortOfMemory);
}

/** The line stays, emptied to a comment, so that line numbers in messages stay right. */
function withoutSyntaxLine(dockerfile: string): string {
  return dockerfile.replace(/^((?:\uFEFF)?(?:#.*\r?\n)*?)#[ \t]*syntax[ \t]*=.*$/im, '$1#');
}
