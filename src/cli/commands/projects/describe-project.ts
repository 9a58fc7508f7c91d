import { repositoryName } from '../../../contract/repository-name.ts';
import type { WireProject } from '../../../contract/schemas/project.ts';
import { facts } from '../../output/table.ts';

export function describeProject({ name, repository, build, createdAt }: WireProject): string {
  const pairs = Object.entries(build.buildEnv).map(([key, value]) => `${key}=${value}`);
  return facts([
    ['name', name],
    ['repository', repositoryName(repository)],
    ['builder', build.builder],
    ['preset', build.preset],
    ['directory', build.directory],
    ['Dockerfile', build.dockerfile],
    ['target', build.target],
    ['build env', pairs.join(' ')],
    ['install command', build.installCommand],
    ['build command', build.buildCommand],
    ['start command', build.startCommand],
    ['output', build.outputDirectory],
    ['submodules', build.submodules ? 'yes' : 'no'],
    ['Git LFS', build.lfs ? 'yes' : 'no'],
    ['created', createdAt],
  ]);
}
