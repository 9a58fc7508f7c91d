import { Command } from 'commander';
import type { Cli, Outcome } from '../../cli.ts';
import { formatBytes } from '../../output/bytes.ts';
import type { Session } from '../../session.ts';
import { describeSummary, sayVolumes } from './describe-backup.ts';

export interface CreateOptions {
  readonly to?: string;
  readonly withArtifacts?: boolean;
  readonly withLogs?: boolean;
  readonly passphraseFile?: string;
  /** Of `--without-keys`. */
  readonly withoutKeys?: boolean;
  readonly dataDir?: string;
}

export function createCommand(cli: Cli): Command {
  return new Command('create')
    .description('write a backup to a file, while the platform runs or not')
    .option('--to <file>', 'file to make (default: a name with the time, in the working directory)')
    .option('--with-artifacts', 'also images and static bundles, so that another machine can serve the same')
    .option('--with-logs', 'also the logs of jobs and instances')
    .option('--passphrase-file <file>', 'encrypt with the first line of this file')
    .option('--without-keys', 'do not encrypt, and leave the keys of the secrets out')
    .option('--data-dir <path>', 'of the server to back up')
    .action(cli.action((session, options: CreateOptions) => runCreate(session, options)));
}

export async function runCreate(session: Session, options: CreateOptions): Outcome {
  const { to, passphraseFile, dataDir } = options;
  const created = await (
    await session.local()
  ).createBackup(
    {
      artifacts: options.withArtifacts ?? false,
      logs: options.withLogs ?? false,
      withoutKeys: options.withoutKeys ?? false,
      ...(to === undefined ? {} : { file: to }),
      ...(passphraseFile === undefined ? {} : { passphraseFile }),
      ...(dataDir === undefined ? {} : { dataDirectory: dataDir }),
    },
    (line) => session.say(line),
    session.terminal.signal,
  );
  session.show(created, describeSummary(created, [['size', formatBytes(created.sizeBytes)]]));
  if (!created.keysIncluded) session.say('the keys are not in it: keep a copy of the directory keys/ elsewhere');
  sayVolumes(session, created.volumes);
}
