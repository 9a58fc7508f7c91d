import type { BuildRequest } from '../../../engine/ports/builder.ts';
import { packContext } from './build-context.ts';
import { readBuildResult, type BuildResult } from './build-result.ts';
import { explainBroken, type DockerApi } from './docker-api.ts';
import { openSession, type BuildSession } from './build-session.ts';
import type { PreparedDockerfile } from './prepare-dockerfile.ts';
import type { Status } from './trace.ts';

/** How long a cancelled build may take to say that it has ended before the connection is cut. */
const farewellMs = 400;

export interface BuildRun {
  readonly request: BuildRequest;
  readonly dockerfile: PreparedDockerfile;
  /** Build arguments beside those of the plan, which win. */
  readonly proxy: Readonly<Record<string, string>>;
  /** Names the build to the engine, for cancelling. */
  readonly buildId: string;
  readonly onStatus: (status: Status) => void;
  readonly signal: AbortSignal;
}

/** One build, to its end. An abort cancels it, waits until the engine says that it has ended, and rejects with the reason. */
export async function runBuild(docker: DockerApi, run: BuildRun): Promise<BuildResult> {
  const { request, signal } = run;
  signal.throwIfAborted();
  await using session = await openSession(docker, run.dockerfile.secretValues, signal);
  const context = await packContext(request.contextPath, run.dockerfile.text);
  const connection = new AbortController();
  const cancellation = cancelOnAbort(docker, run, connection);
  try {
    const path = `/build?${query(run, context.dockerfileName, session)}`;
    const response = await docker.stream({ method: 'POST', path, tar: context.tar, signal: connection.signal });
    const result = await readBuildResult(response, run.onStatus);
    signal.throwIfAborted();
    return result;
  } catch (error) {
    throw explainBroken(error, signal);
  } finally {
    context.tar.destroy();
    connection.abort();
    await cancellation.end();
  }
}

/** Asks the engine to end the build. If that does not end it soon, the connection is cut, which ends it too. */
function cancelOnAbort(docker: DockerApi, run: BuildRun, connection: AbortController): { end(): Promise<void> } {
  let asked: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  const cut = () => connection.abort(run.signal.reason);
  const onAbort = () => {
    timer = setTimeout(cut, farewellMs);
    const path = `/build/cancel?id=${run.buildId}`;
    asked = docker.call({ method: 'POST', path, signal: AbortSignal.timeout(farewellMs) }).then(noop, cut);
  };
  run.signal.addEventListener('abort', onAbort, { once: true });
  if (run.signal.aborted) onAbort();
  return {
    async end() {
      run.signal.removeEventListener('abort', onAbort);
      clearTimeout(timer);
      await asked;
    },
  };
}

function noop(): void {}

function query(run: BuildRun, dockerfileName: string, session: BuildSession): string {
  const { request, buildId } = run;
  return new URLSearchParams({
    version: '2',
    t: request.tag,
    dockerfile: dockerfileName,
    buildid: buildId,
    session: session.id,
    buildargs: JSON.stringify({ ...run.proxy, ...request.plan.buildArgs }),
    labels: JSON.stringify(request.labels),
    ...(request.plan.target === null ? {} : { target: request.plan.target }),
    ...(request.noCache ? { nocache: '1' } : {}),
  }).toString();
}
