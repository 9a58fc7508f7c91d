import type { InvariantReport } from '../../src/contract/schemas/invariants.ts';
import type { WireDeployment } from '../../src/contract/schemas/deployment.ts';
import type { Records } from './records.ts';
import type { Scenario } from './scenarios.ts';
import { Subject } from './subject.ts';

/** What is wrong with how a deployment ended, in sentences: it has one outcome, the right one, and visitors get what is said to serve. */
export async function judge(
  { subject, records }: { readonly subject: Subject; readonly records: Records },
  { number, state, reason, id }: WireDeployment,
  outcome: Scenario['outcome'],
): Promise<readonly string[]> {
  const newest = await subject.newest();
  const current = await subject.current();
  const { headers } = await subject.stage.visit(Subject.host);
  const outcomes = await records.outcomes(id);
  const answered = String(headers['x-version']);
  const { violations, suspicions } = await subject.stage.must<InvariantReport>('GET', '/api/invariants');
  return [
    ...(state === outcome.state && outcome.reason.test(reason ?? '') ? [] : [`#${number} is ${state}: ${reason}`]),
    ...(newest === number ? [] : [`#${number} was asked for, and there is #${newest}`]),
    ...(outcomes.join() === outcome.state ? [] : [`#${number} ended as ${outcomes.join(', then ')}`]),
    ...(answered === String(current) ? [] : [`visitors get #${answered}, and #${current} is said to serve`]),
    // Nothing is being done any more, so there is nothing that could go away by itself.
    ...[...violations, ...suspicions].map(({ code, subject: what, message }) => `${code}: ${what}: ${message}`),
  ];
}
