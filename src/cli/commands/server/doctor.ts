import { Command } from 'commander';
import { endpoints } from '../../../contract/endpoints.ts';
import { CutoverError } from '../../../contract/errors.ts';
import type { DoctorReport } from '../../../contract/schemas/system.ts';
import type { Cli, Outcome } from '../../cli.ts';
import { currentLogin } from '../../config.ts';
import { exitCodes } from '../../exit-codes.ts';
import type { Session } from '../../session.ts';
import { examineInvariants } from './doctor-invariants.ts';

export function doctorCommand(cli: Cli): Command {
  return new Command('doctor')
    .description('check every prerequisite, with the fix')
    .option('--invariants', 'look at the running platform instead: whether everything is as it must be')
    .action(cli.action((session, options: DoctorOptions) => runDoctor(session, options)));
}

export interface DoctorOptions {
  readonly invariants?: boolean;
}

/** 0 when nothing failed, or is violated, else 1. */
export async function runDoctor(session: Session, { invariants = false }: DoctorOptions): Outcome {
  if (invariants) return examineInvariants(session);
  const report = (await askServer(session)) ?? (await (await session.local()).doctor(session.terminal.signal));
  session.show(report, report.checks.map(describeCheck).join('\n'));
  return report.checks.some(({ status }) => status === 'failed') ? exitCodes.failed : exitCodes.ok;
}

/** null where no server can be asked: the machine is looked at instead. */
async function askServer(session: Session): Promise<DoctorReport | null> {
  const login = await currentLogin(session.terminal.env);
  if (login.token === null) return null;
  try {
    return await session.clientFor(login).call(endpoints.system.doctor, { params: {} });
  } catch (error) {
    if (!(error instanceof CutoverError && error.code === 'server_unreachable')) throw error;
    session.say(`${error.message}; looking at this machine`);
    return null;
  }
}

const marks = { ok: '✓', warning: '!', failed: '✗' } as const;

function describeCheck({ name, status, found, fix }: DoctorReport['checks'][number]): string {
  const line = `${marks[status]} ${name}: ${found}`;
  return fix === null ? line : `${line}\n    ${fix}`;
}
