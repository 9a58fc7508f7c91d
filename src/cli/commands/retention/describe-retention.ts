import type {
  WireRetentionPlan,
  WireRetentionRun,
  WireRetentionSettings,
} from '../../../contract/schemas/retention.ts';
import { formatBytes } from '../../output/bytes.ts';
import { plural } from '../../output/quantities.ts';
import { facts, table } from '../../output/table.ts';

type Artifact = WireRetentionRun['stayed'][number];
type Removal = Pick<WireRetentionRun, 'removed' | 'logs' | 'history'>;

export function describeSettings(settings: WireRetentionSettings): string {
  return facts([
    ['rollback targets', `${settings.rollbackTargets} per environment`],
    ['budget', `${formatBytes(settings.budgetBytes)} for all other images and bundles`],
    ['logs', plural(settings.logDays, 'day')],
    ['history', plural(settings.historyDays, 'day')],
    ['keep newest', `${plural(settings.keepNewest, 'deployment')} per environment, with logs and history`],
    ['free disk', describeFree(settings.minFreeBytes)],
    ['build cache', formatBytes(settings.buildCacheBytes)],
  ]);
}

function describeFree(minFreeBytes: number | null): string {
  if (minFreeBytes === 0) return 'not looked at before a build';
  return `${minFreeBytes === null ? '1 GiB, or 5 % of a smaller disk,' : formatBytes(minFreeBytes)} before a build`;
}

/** What goes, one line each, and, where asked for, what stays. */
export function describePlan(plan: WireRetentionPlan, withKept: boolean): string {
  const { going, logs, history, kept } = plan;
  const rows = removalRows({ removed: going, logs, history });
  const parts = [
    rows.length === 0 ? '' : table(['GOES', 'ID', 'SIZE', 'WHY'], rows),
    withKept && kept.length > 0 ? table(['STAYS', 'ID', 'SIZE', 'WHY'], kept.map(artifactRow)) : '',
  ];
  return parts.filter((part) => part !== '').join('\n\n');
}

export function removalRows({ removed, logs, history }: Removal): readonly (readonly string[])[] {
  return [
    ...removed.map(artifactRow),
    ...logs.map((past) => ['logs', '', formatBytes(past.bytes), namePast(past)]),
    ...history.map((past) => ['history', '', '', namePast(past)]),
  ];
}

/** "2 images or bundles (at most 236.0 MB), the logs of 1 deployment (4.2 kB)"; "nothing". */
export function summarise({ removed, logs, history }: Removal): string {
  const bytes = removed.reduce((sum, { sizeBytes }) => sum + (sizeBytes ?? 0), 0);
  const logBytes = logs.reduce((sum, past) => sum + past.bytes, 0);
  const parts = [
    removed.length === 0 ? '' : `${plural(removed.length, 'artifact')} (at most ${formatBytes(bytes)})`,
    logs.length === 0 ? '' : `the logs of ${plural(logs.length, 'deployment')} (${formatBytes(logBytes)})`,
    history.length === 0 ? '' : `the history of ${plural(history.length, 'deployment')}`,
  ].filter((part) => part !== '');
  return parts.length === 0 ? 'nothing' : parts.join(', ');
}

function artifactRow({ type, id, sizeBytes, why }: Artifact): readonly string[] {
  const short = id.replace('sha256:', '').slice(0, 12);
  return [type, short, sizeBytes === null ? '-' : formatBytes(sizeBytes), why];
}

function namePast({ project, environment, number, endedAt }: WireRetentionPlan['history'][number]): string {
  return `#${number} of ${project} in ${environment}, over since ${endedAt.slice(0, 10)}`;
}
