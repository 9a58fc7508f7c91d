import { Option, type Command } from 'commander';
import { CutoverError } from '../../../contract/errors.ts';
import { providerSchema } from '../../../contract/schemas/webhook.ts';
import type { Session } from '../../session.ts';
import { chooseProject } from '../deployments/choose-project.ts';

type Provider = (typeof providerSchema.options)[number];

export interface HookOptions {
  readonly project?: string;
  readonly platform?: Provider;
}

/** Of a project, or of the whole platform for one provider. */
export type Hook = { readonly project: string } | { readonly provider: Provider };

export function addHookOptions(command: Command): Command {
  return command
    .argument('[project]', 'default: the only project')
    .option('-p, --project <project>', 'the same')
    .addOption(
      new Option('--platform <provider>', 'of the whole platform, for every project of this provider').choices(
        providerSchema.options,
      ),
    );
}

/** Error: `usage`. */
export async function chooseHook(session: Session, named: string | undefined, options: HookOptions): Promise<Hook> {
  const { project, platform } = options;
  if (platform === undefined) return { project: await session.project(chooseProject(named, project)) };
  if (named === undefined && project === undefined) return { provider: platform };
  throw new CutoverError('usage', '--platform is of no project');
}
