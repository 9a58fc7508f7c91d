import { Command } from 'commander';
import type { Cli, Outcome } from '../../cli.ts';
import type { Session } from '../../session.ts';
import { describeSummary } from './describe-backup.ts';

export interface VerifyOptions {
  readonly passphraseFile?: string;
}

export function verifyCommand(cli: Cli): Command {
  return new Command('verify')
    .description('read a whole backup and compare every checksum; nothing is written')
    .argument('<file>', 'the backup')
    .option('--passphrase-file <file>', 'its first line is the passphrase')
    .action(cli.action((session, file: string, options: VerifyOptions) => runVerify(session, file, options)));
}

/** 0 when it is whole; else the error says what is not. */
export async function runVerify(session: Session, file: string, { passphraseFile }: VerifyOptions): Outcome {
  const backup = { file, ...(passphraseFile === undefined ? {} : { passphraseFile }) };
  const summary = await (await session.local()).verifyBackup(backup, session.terminal.signal);
  session.show(summary, describeSummary(summary, []));
  session.say('the backup is whole');
}
