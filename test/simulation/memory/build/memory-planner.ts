import { emptyAppConfig } from '../../../../src/domain/app-config.ts';
import type { BuildPlan } from '../../../../src/domain/build-plan.ts';
import type { BuildSettings } from '../../../../src/domain/build-settings.ts';
import { CutoverError } from '../../../../src/domain/errors.ts';
import { treePath } from '../../../../src/drivers/source/git/refs.ts';
import type { AppConfigReader, RepositoryConfig } from '../../../../src/engine/ports/app-config-reader.ts';
import type { Planner } from '../../../../src/engine/ports/builder.ts';
import type { AppFiles } from './app-files.ts';
import type { Checkouts } from './checkouts.ts';

/** Decides what the app's files say. */
export class MemoryPlanner implements Planner {
  readonly version = 'memory-1';
  readonly #checkouts: Checkouts;

  constructor(checkouts: Checkouts) {
    this.#checkouts = checkouts;
  }

  async plan(checkoutPath: string, { directory }: BuildSettings): Promise<BuildPlan> {
    const app = appAt(this.#checkouts, checkoutPath, directory);
    if (app === null) throw new CutoverError('app_not_detected', 'No preset fits what is in the directory.');
    if ('code' in app.plan) throw new CutoverError(app.plan.code, app.plan.message);
    return app.plan;
  }
}

const nothing: RepositoryConfig = Object.freeze({ config: emptyAppConfig, files: [] });

/** Reads what the app's files say of themselves. */
export class MemoryAppConfig implements AppConfigReader {
  readonly #checkouts: Checkouts;

  constructor(checkouts: Checkouts) {
    this.#checkouts = checkouts;
  }

  async read(checkoutPath: string, directory: string, signal: AbortSignal): Promise<RepositoryConfig> {
    signal.throwIfAborted();
    const app = appAt(this.#checkouts, checkoutPath, directory);
    if (app === null) return nothing;
    if ('code' in app.config) throw new CutoverError(app.config.code, app.config.message);
    return { config: app.config, files: app.configFiles };
  }
}

/** null: there is no app in it. Errors: `directory_not_found`. */
function appAt(checkouts: Checkouts, checkoutPath: string, directory: string): AppFiles | null {
  const place = checkouts.resolve(`${checkoutPath}/${treePath(directory)}`);
  if (place === null) throw new CutoverError('directory_not_found', `There is no directory "${directory}".`);
  return place.commit.apps[place.directory] ?? null;
}
