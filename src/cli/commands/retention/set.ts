import { Command } from 'commander';
import { endpoints } from '../../../contract/endpoints.ts';
import { CutoverError } from '../../../contract/errors.ts';
import type { Cli, Outcome } from '../../cli.ts';
import { parseBytes } from '../../output/bytes.ts';
import { parseWhole } from '../../output/quantities.ts';
import type { Session } from '../../session.ts';
import { given } from '../environments/given.ts';
import { describeSettings } from './describe-retention.ts';

export interface SetRetentionOptions {
  readonly rollbackTargets?: number;
  readonly budget?: number;
  readonly logDays?: number;
  readonly historyDays?: number;
  readonly keepNewest?: number;
  readonly minFree?: number | 'auto';
  readonly buildCache?: number;
}

export function setCommand(cli: Cli): Command {
  return new Command('set')
    .description('change what is kept; what is not named stays as it is')
    .option('--rollback-targets <n>', 'completed deployments of an environment that one can go back to', parseWhole)
    .option('--budget <size>', 'what all other images and bundles may take: 10gb', parseBytes)
    .option('--log-days <days>', 'days for which logs are kept after the end of a deployment', parseWhole)
    .option('--history-days <days>', 'the same for timelines, journals and measurements', parseWhole)
    .option('--keep-newest <n>', 'newest deployments of an environment that keep both', parseWhole)
    .option('--min-free <size>', 'free disk without which no build begins; 0: always; `auto`: 1 GiB or 5 %', parseFree)
    .option('--build-cache <size>', 'what the cache of builds may take: 10gb', parseBytes)
    .action(cli.action((session, options: SetRetentionOptions) => runSet(session, options)));
}

function parseFree(text: string): number | 'auto' {
  return text === 'auto' ? text : parseBytes(text);
}

export async function runSet(session: Session, options: SetRetentionOptions): Outcome {
  const { rollbackTargets, budget, logDays, historyDays, keepNewest, minFree, buildCache } = options;
  const body = given({
    rollbackTargets,
    budgetBytes: budget,
    logDays,
    historyDays,
    keepNewest,
    minFreeBytes: minFree === 'auto' ? null : minFree,
    buildCacheBytes: buildCache,
  });
  if (Object.keys(body).length === 0) throw new CutoverError('usage', 'name at least one setting to change');
  const settings = await (await session.client()).call(endpoints.retention.update, { params: {}, body });
  session.show(settings, describeSettings(settings));
  session.say('what that no longer keeps goes in a minute: cutover prune --dry-run says what');
}
