import type { Command } from 'commander';
import { CutoverError } from '../../../contract/errors.ts';
import type { Session } from '../../session.ts';

export interface ScopeOptions {
  readonly project?: string;
  readonly all?: boolean;
}

export function addScopeOptions(command: Command): Command {
  return command
    .option('-p, --project <project>', 'default: the only project')
    .option('--all', 'of the whole platform, also those that are about no project');
}

/** Name of the project; null: the whole platform. Error: `usage`. */
export async function chooseScope(session: Session, { project, all }: ScopeOptions): Promise<string | null> {
  if (all !== true) return session.project(project);
  if (project === undefined) return null;
  throw new CutoverError('usage', 'name one of --project and --all');
}
