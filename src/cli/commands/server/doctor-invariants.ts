import { endpoints } from '../../../contract/endpoints.ts';
import type { InvariantReport } from '../../../contract/schemas/invariants.ts';
import type { Outcome } from '../../cli.ts';
import { exitCodes } from '../../exit-codes.ts';
import type { Session } from '../../session.ts';

/** Only the control plane can look at all of it. 0 when nothing is violated, 1 when something is, 3 where no server answers. */
export async function examineInvariants(session: Session): Outcome {
  const report = await (await session.client()).call(endpoints.system.invariants, { params: {} });
  session.show(report, describeReport(report));
  return report.violations.length > 0 ? exitCodes.failed : exitCodes.ok;
}

type InvariantSighting = InvariantReport['violations'][number];

function describeReport({ violations, suspicions }: InvariantReport): string {
  const verdict = violations.length === 0 ? ['✓ every invariant holds'] : violations.map(describeViolation);
  return [...verdict, ...suspicions.map(describeSuspicion)].join('\n');
}

function describeViolation({ code, subject, message, since, next }: InvariantSighting): string {
  return `✗ ${code}: ${subject}: ${message} (since ${since})\n    ${next}`;
}

function describeSuspicion({ code, subject, message, since }: InvariantSighting): string {
  return `! ${subject}: ${message} (since ${since}; a violation, ${code}, if it stays)`;
}
