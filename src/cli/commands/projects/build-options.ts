import { Option, type Command } from 'commander';
import { CutoverError } from '../../../contract/errors.ts';
import { buildSettingsSchema, type BuildSettingsChange } from '../../../contract/schemas/project.ts';

/** Options of `projects create` and `projects update`, as commander names them. */
export interface BuildOptions {
  readonly builder?: NonNullable<BuildSettingsChange['builder']>;
  readonly preset?: NonNullable<BuildSettingsChange['preset']>;
  readonly directory?: string;
  readonly dockerfile?: string;
  readonly target?: string;
  readonly buildEnv?: readonly string[];
  readonly installCommand?: string;
  readonly buildCommand?: string;
  readonly startCommand?: string;
  readonly output?: string;
  readonly submodules?: boolean;
  readonly lfs?: boolean;
}

export function addBuildOptions(command: Command): Command {
  return addPlanOptions(command.option('--directory <path>', 'directory of the app in the repository'))
    .option('--submodules', 'with the files of submodules')
    .option('--no-submodules', 'without them, as it is by default')
    .option('--lfs', 'with the content of files that Git LFS keeps')
    .option('--no-lfs', 'without it, as it is by default');
}

/** All but the directory, for where that is named otherwise. */
export function addPlanOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--builder <builder>', 'who says how it is built').choices(buildSettingsSchema.shape.builder.options),
    )
    .addOption(new Option('--preset <preset>', 'how to build').choices(buildSettingsSchema.shape.preset.options))
    .option('--dockerfile <path>', 'Dockerfile, inside the directory')
    .option('--target <stage>', "stage of the Dockerfile; '' for the last")
    .option('--build-env <KEY=VALUE...>', 'set while building; not for secrets')
    .option('--install-command <command>', "'' for the preset's own")
    .option('--build-command <command>', "'' for the preset's own")
    .option('--start-command <command>', "'' for the preset's own")
    .option('--output <path>', "directory of the built static files; '' for the preset's own");
}

/** Only what was given; an empty text stands for "none". Error: `usage`. */
export function toBuildChange(options: BuildOptions): BuildSettingsChange {
  return {
    ...(options.builder === undefined ? {} : { builder: options.builder }),
    ...(options.preset === undefined ? {} : { preset: options.preset }),
    ...(options.directory === undefined ? {} : { directory: options.directory }),
    ...(options.dockerfile === undefined ? {} : { dockerfile: options.dockerfile }),
    ...(options.buildEnv === undefined ? {} : { buildEnv: Object.fromEntries(options.buildEnv.map(splitPair)) }),
    ...optional('target', options.target),
    ...optional('installCommand', options.installCommand),
    ...optional('buildCommand', options.buildCommand),
    ...optional('startCommand', options.startCommand),
    ...optional('outputDirectory', options.output),
    ...(options.submodules === undefined ? {} : { submodules: options.submodules }),
    ...(options.lfs === undefined ? {} : { lfs: options.lfs }),
  };
}

/** "KEY=VALUE"; the value may have further equals signs. Error: `usage`. */
export function splitPair(pair: string): readonly [name: string, value: string] {
  const at = pair.indexOf('=');
  if (at < 1) throw new CutoverError('usage', `"${pair}" is not of the form KEY=VALUE`);
  return [pair.slice(0, at), pair.slice(at + 1)];
}

function optional<K extends string>(name: K, value: string | undefined): { readonly [P in K]?: string | null } {
  if (value === undefined) return {};
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a computed key is not tracked
  return { [name]: value === '' ? null : value } as { readonly [P in K]: string | null };
}
