import { dockerfileOf } from '../dockerfile-text.ts';
import { installStages } from './install-stages.ts';
import { needsInstall } from './node-app.ts';
import { buildStage, lastHead, owner, tail, type ServerImage } from './server-image.ts';

/** A server that holds all it needs in one directory that the build leaves: nothing else gets into the image. */
export function outputDockerfile(image: ServerImage, directory: string): string {
  const { app } = image;
  const below = app.path === '/app' ? '.' : app.path.slice('/app/'.length);
  const copy = `COPY --from=build ${owner} ${app.path}/${directory} ./${below === '.' ? '' : `${below}/`}${directory}`;
  const stages = needsInstall(app) ? [installStages(app, 'all'), buildStage(image)] : [buildStage(image, app.image)];
  return dockerfileOf(...stages, [...lastHead(app), copy, ...tail(image)]);
}
