import { applyAppBuild } from '../../domain/app-config/apply.ts';
import type { BuildSettings } from '../../domain/build-settings.ts';
import type { CommitInfo } from '../../domain/source.ts';
import type { RepositoryConfig } from '../ports/app-config-reader.ts';
import type { DeploymentRun } from './deployment-run.ts';

export interface CheckedOut extends RepositoryConfig {
  /** Absolute path of the work tree. */
  readonly path: string;
}

/** The work tree of the commit with what it says about itself, and with the parts that the project or the repository asks for. */
export async function checkOut(run: DeploymentRun, { sha }: CommitInfo): Promise<CheckedOut> {
  const { id, configuration } = run.deployment;
  const { build } = configuration;
  const withParts = async ({ submodules, lfs }: BuildSettings): Promise<CheckedOut> => {
    const request = { repository: run.repository, commit: sha, owner: id, submodules, lfs };
    const onLine = (line: string) => run.logs.write('BuildImageJob', 'stderr', line);
    const { path } = await run.ports.source.checkout(request, onLine, run.signal);
    return { path, ...(await run.ports.appConfig.read(path, build.directory, run.signal)) };
  };
  const first = await withParts(build);
  const wanted = applyAppBuild(build, first.config);
  // What a repository asks for is known when it can be read.
  return wanted.submodules === build.submodules && wanted.lfs === build.lfs ? first : withParts(wanted);
}
