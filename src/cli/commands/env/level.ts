import type { Command } from 'commander';
import { endpoints } from '../../../contract/endpoints.ts';
import { CutoverError } from '../../../contract/errors.ts';

/** Which variables are meant: of the project, of one of its environments, or of all its previews. */
export interface LevelOptions {
  readonly project?: string;
  readonly environment?: string;
  readonly previews?: boolean;
}

export function addLevelOptions(command: Command): Command {
  return command
    .option('-p, --project <project>', 'default: the only project')
    .option('-e, --environment <name>', 'of this environment; without it, of all environments of the project')
    .option('--previews', 'of all previews of the project, and of nothing else');
}

/** Endpoints of a level that is not one environment's. Error: `usage`. */
export function projectLevel({ environment, previews }: LevelOptions) {
  if (previews !== true) return endpoints.projectVariables;
  if (environment === undefined) return endpoints.previewVariables;
  throw new CutoverError('usage', 'choose one of --environment and --previews');
}
