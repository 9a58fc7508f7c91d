import type { BuildPlan } from '../../../../domain/build-plan.ts';
import { dockerfileOf } from '../dockerfile-text.ts';
import type { BuildStep } from './build-step.ts';
import { installStages } from './install-stages.ts';
import { needsInstall, type NodeApp } from './node-app.ts';
import type { OutputDirectory } from './output-directory.ts';
import { buildStage, nodePlan } from './server-image.ts';

/** Where the last stage holds the built files. */
export const sitePath = '/site';

/** How a project becomes files. */
export interface SiteImage {
  readonly preset: BuildPlan['preset'];
  readonly app: NodeApp;
  readonly seen: readonly string[];
  readonly build: BuildStep;
  readonly output: OutputDirectory;
  /** Whether unknown paths are for the page itself to answer. */
  readonly spa: boolean;
  /** `NAME=value`, while building. */
  readonly buildEnvironment?: readonly string[];
  /** Directories below the app's in which its tools keep what they made, for the next build. */
  readonly caches?: readonly string[];
}

/** Built on Node; only the files are kept. */
export function sitePlan(site: SiteImage): BuildPlan {
  const { app, build, output } = site;
  return nodePlan(app, {
    preset: site.preset,
    explanation: [...site.seen, ...app.reasons, ...build.reasons, output.reason],
    dockerfile: siteDockerfile(site),
    output: { type: 'image-files', path: sitePath, spa: site.spa },
  });
}

function siteDockerfile({ app, build, output: { directory }, buildEnvironment = [], caches = [] }: SiteImage): string {
  const missing = `echo "the build left no directory ${directory}: set the output directory" >&2; exit 1`;
  const check = `RUN ${JSON.stringify(['sh', '-c', `[ -d "${directory}" ] || { ${missing}; }`])}`;
  const image = { app, build, buildEnvironment, caches };
  const stages = needsInstall(app)
    ? [installStages(app, 'all'), [...buildStage(image), check]]
    : [[...buildStage(image, app.image), check]];
  return dockerfileOf(...stages, [
    'FROM scratch',
    `COPY --from=build ${JSON.stringify([`${app.path}/${directory}/`, `${sitePath}/`])}`,
  ]);
}
