import type { BackedVolume, BackupSummary } from '../../backup-operations.ts';
import { facts } from '../../output/table.ts';
import type { Session } from '../../session.ts';

type Facts = readonly (readonly [string, string])[];

export function describeSummary(summary: BackupSummary, more: Facts): string {
  return facts([
    ['backup', summary.file],
    ['made', `${summary.createdAt}, by Cutover ${summary.release}`],
    ['platform', summary.platformId],
    ['rows', summary.rows],
    ['keys', summary.keysIncluded ? 'included' : 'not included'],
    ['artifacts', summary.artifactsIncluded ? summary.artifacts : 'not included'],
    ['logs', summary.logsIncluded ? 'included' : 'not included'],
    ['encrypted', summary.encrypted ? 'yes' : 'no'],
    ...more,
  ]);
}

/** What a backup of a platform is not a backup of. */
export function sayVolumes(session: Session, volumes: readonly BackedVolume[]): void {
  if (volumes.length === 0) return;
  const names = volumes.map(({ project, environment, name }) => `${name} of ${project}/${environment}`);
  session.say(`what is in volumes is not part of a backup: ${names.join(', ')}`);
}
