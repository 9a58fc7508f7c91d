import { applyAppBuild } from '../../domain/app-config/apply.ts';
import type { BuildSettings } from '../../domain/build-settings.ts';
import type { DirectorySource } from '../../domain/source.ts';
import type { RepositoryConfig } from '../ports/app-config-reader.ts';
import type { DeploymentRun } from './deployment-run.ts';

export interface CheckedOut extends RepositoryConfig {
  /** Absolute path of the work tree. */
  readonly path: string;
}

/** The work tree of the revision with what it says about itself, and with the parts that the project or the repository asks for. */
export async function checkOut(run: DeploymentRun, revision: string): Promise<CheckedOut> {
  const { source, configuration } = run.deployment;
  const { build } = configuration;
  const read = async (path: string): Promise<CheckedOut> => {
    return { path, ...(await run.ports.appConfig.read(path, build.directory, run.signal)) };
  };
  // What was sent is there with all its parts.
  if (source.kind === 'directory') return read(await unpack(run, source));
  const withParts = async (settings: BuildSettings) => read(await checkOutCommit(run, revision, settings));
  const first = await withParts(build);
  const wanted = applyAppBuild(build, first.config);
  // What a repository asks for is known when it can be read.
  return wanted.submodules === build.submodules && wanted.lfs === build.lfs ? first : withParts(wanted);
}

async function checkOutCommit(run: DeploymentRun, commit: string, { submodules, lfs }: BuildSettings): Promise<string> {
  const request = { repository: run.repository, commit, owner: run.deployment.id, submodules, lfs };
  const onLine = (line: string) => run.logs.write('BuildImageJob', 'stderr', line);
  return (await run.ports.source.checkout(request, onLine, run.signal)).path;
}

async function unpack(run: DeploymentRun, { upload }: DirectorySource): Promise<string> {
  const archive = await run.ports.uploads.path(upload.id);
  return (await run.ports.source.unpack({ archive, owner: run.deployment.id }, run.signal)).path;
}
