import { Argument, Command } from 'commander';
import type { Cli, Outcome } from '../../cli.ts';
import { formatDuration, parseWhole } from '../../output/quantities.ts';
import { table } from '../../output/table.ts';
import type { Session } from '../../session.ts';

export interface BaseOptions {
  readonly force?: boolean;
  readonly node: readonly number[];
}

const names = ['static', 'run', 'node', 'python'] as const;
type BaseImageName = (typeof names)[number];
const defaultNames: readonly BaseImageName[] = ['static', 'run', 'node'];
const defaultNodeVersion = 24;

export function baseCommand(cli: Cli): Command {
  return new Command('base')
    .description('assemble base images from packages, for machines that can pull none')
    .addArgument(new Argument('[image...]', 'which ones').choices(names).default(defaultNames))
    .option('--force', 'assemble again what is already there')
    .option('--node <major...>', 'versions of Node', collectVersions, [defaultNodeVersion])
    .action(
      cli.action((session, images: readonly BaseImageName[], options: BaseOptions) =>
        runBase(session, images, options),
      ),
    );
}

export async function runBase(session: Session, wanted: readonly BaseImageName[], options: BaseOptions): Outcome {
  const images = await (
    await session.local()
  ).buildBaseImages(
    { images: wanted, force: options.force ?? false, nodeVersions: options.node },
    (line) => session.say(line),
    session.terminal.signal,
  );
  const rows = images.map(({ reference, imageId, built, durationMs }) => {
    return [
      reference,
      imageId.replace('sha256:', '').slice(0, 12),
      built ? `made in ${formatDuration(durationMs)}` : 'was there',
    ];
  });
  session.show(images, table(['IMAGE', 'ID', ''], rows));
}

/** The first one given replaces the default. */
function collectVersions(text: string, previous: readonly number[] | undefined): readonly number[] {
  const version = parseWhole(text);
  const isDefault = previous?.length === 1 && previous[0] === defaultNodeVersion;
  return previous === undefined || isDefault ? [version] : [...previous, version];
}
