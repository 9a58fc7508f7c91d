import type { Command } from 'commander';

/** Which variables are meant: of the project, or with an environment, of that. */
export interface LevelOptions {
  readonly project?: string;
  readonly environment?: string;
}

export function addLevelOptions(command: Command): Command {
  return command
    .option('-p, --project <project>', 'default: the only project')
    .option('-e, --environment <name>', 'of this environment; without it, of all environments of the project');
}
