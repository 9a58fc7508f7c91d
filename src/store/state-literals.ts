import { sql, type RawBuilder } from 'kysely';
import type { DeploymentState } from '../domain/deployment-state.ts';

/**
 * Whether the column is one of these. They stand in the statement itself: a plan that is kept does not know its parameters, and could not
 * use an index that is only of what is not over, or of what waits.
 */
export function isOneOf(column: string, states: readonly DeploymentState[]): RawBuilder<boolean> {
  return sql`${sql.ref(column)} in (${sql.join(states.map((state) => sql.lit(state)))})`;
}
