import { endpoints } from '../../../contract/endpoints.ts';
import type { ApiClient } from '../../client/api-client.ts';
import type { Session } from '../../session.ts';

/** What a deployment will do, before it does (rule 5.2). */
export async function sayPlan(
  session: Session,
  client: ApiClient,
  params: { readonly project: string; readonly environment: string },
): Promise<void> {
  const { strategy, explanation } = await client.call(endpoints.rollouts.plan, { params });
  session.say(`plan: ${strategy}`);
  for (const sentence of explanation) session.say(`  ${sentence}`);
}
