import { Command } from 'commander';
import { CutoverError } from '../../../contract/errors.ts';
import type { MissingArtifact, RestoreBackupOptions } from '../../backup-operations.ts';
import type { Cli, Outcome } from '../../cli.ts';
import type { Session } from '../../session.ts';
import { describeSummary, sayVolumes } from './describe-backup.ts';

export interface RestoreOptions {
  readonly passphraseFile?: string;
  readonly keys?: string;
  readonly adopt?: boolean;
  readonly asCopy?: boolean;
  readonly dataDir?: string;
  readonly yes?: boolean;
}

export function restoreCommand(cli: Cli): Command {
  return new Command('restore')
    .description('bring a platform back from a backup, into an empty data directory and an empty database')
    .argument('<file>', 'the backup')
    .option('--passphrase-file <file>', 'its first line is the passphrase')
    .option('--keys <directory>', 'a copy of keys/, for a backup without keys')
    .option('--adopt', 'take over the containers, networks and volumes that Docker has of this platform')
    .option('--as-copy', 'under another name, beside the original that lives on')
    .option('--data-dir <path>', "where to (default: CUTOVER_DATA_DIR, else the system's place)")
    .option('-y, --yes', 'do not ask')
    .action(cli.action((session, file: string, options: RestoreOptions) => runRestore(session, file, options)));
}

export async function runRestore(session: Session, file: string, options: RestoreOptions): Outcome {
  const request = toRequest(file, options);
  await session.confirm(`Restore ${file} into ${options.dataDir ?? 'the data directory'}?`, options.yes ?? false);
  const restored = await (
    await session.local()
  ).restoreBackup(request, (line) => session.say(line), session.terminal.signal);
  const { dataDirectory, newPlatformId, migrated, missing, volumes } = restored;
  const more = [
    ['data directory', dataDirectory],
    ['restored as', newPlatformId],
    ['migrated', migrated.join(', ')],
  ] as const;
  session.show(restored, describeSummary(restored, more));
  sayVolumes(session, volumes);
  for (const each of missing) session.say(describeMissing(each));
  session.say(`start it with: cutover server start --data-dir ${dataDirectory}`);
}

function toRequest(file: string, options: RestoreOptions): RestoreBackupOptions {
  const { passphraseFile, keys, adopt, asCopy, dataDir } = options;
  if (adopt === true && asCopy === true) throw new CutoverError('usage', '--adopt and --as-copy exclude each other');
  return {
    file,
    ...(passphraseFile === undefined ? {} : { passphraseFile }),
    ...(keys === undefined ? {} : { keys }),
    ...(adopt === true ? { traces: 'adopt' } : {}),
    ...(asCopy === true ? { traces: 'copy' } : {}),
    ...(dataDir === undefined ? {} : { dataDirectory: dataDir }),
  };
}

function describeMissing({ project, environment, number, commit }: MissingArtifact): string {
  const wanted = commit === null ? '' : ` --commit ${commit}`;
  return `${project}/${environment} cannot serve: what #${number} ran is not here. Build it again: cutover deploy ${project} -e ${environment}${wanted}`;
}
