import { resolve } from 'node:path';
import type { BackupOperations } from '../../cli/backup-operations.ts';
import type { ServerLocation } from '../../cli/local-operations.ts';
import type { Config } from '../config.ts';
import type { EnvironmentVariables } from '../environment-variables.ts';
import { createOperatorLog } from '../operator-log.ts';
import { createBackup } from './create-backup.ts';
import { readPassphrase } from './passphrase.ts';
import { restoreBackup } from './restore-backup.ts';
import { summarise } from './summary.ts';
import { verifyArchive } from './verify-archive.ts';

interface Settings {
  readonly config: Config;
  readonly variables: EnvironmentVariables;
}

/** `settings`: for the place a command names, else as everywhere. */
export function localBackup(settings: (place: ServerLocation) => Promise<Settings>): BackupOperations {
  const log = createOperatorLog('warn');
  return {
    async createBackup(options, progress, signal) {
      const { config } = await settings(placeOf(options));
      return createBackup(config, options, { progress, signal, log });
    },
    async verifyBackup({ file, passphraseFile }, signal) {
      const archive = { path: resolve(file), passphrase: await readPassphrase(passphraseFile) };
      return summarise(await verifyArchive(archive, signal), archive);
    },
    async restoreBackup(options, progress, signal) {
      return restoreBackup({ ...(await settings(placeOf(options))), options }, { progress, signal, log });
    },
  };
}

function placeOf({ dataDirectory }: ServerLocation): ServerLocation {
  return dataDirectory === undefined ? {} : { dataDirectory };
}
