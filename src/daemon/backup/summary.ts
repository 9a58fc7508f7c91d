import type { BackupSummary } from '../../cli/backup-operations.ts';
import type { ArchiveTarget } from '../../drivers/backup/archive-file.ts';
import type { Manifest } from './manifest.ts';

export function summarise(manifest: Manifest, { path, passphrase }: ArchiveTarget): BackupSummary {
  const { release, platformId, createdAt, keysIncluded, artifactsIncluded, logsIncluded, volumes } = manifest;
  return {
    file: path,
    release,
    platformId,
    createdAt,
    keysIncluded,
    artifactsIncluded,
    logsIncluded,
    volumes,
    encrypted: passphrase !== null,
    rows: manifest.tables.reduce((sum, { rows }) => sum + rows, 0),
    artifacts: manifest.artifacts.filter(({ included }) => included).length,
  };
}
