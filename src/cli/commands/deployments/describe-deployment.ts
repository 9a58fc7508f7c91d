import type { WireDeployment, WireInstance } from '../../../contract/schemas/deployment.ts';
import { plainText, plural } from '../../output/quantities.ts';

/** "#41 (0123456789ab Fix the cart)". */
export function nameDeployment(deployment: WireDeployment): string {
  return `#${deployment.number} (${describeCommit(deployment)})`;
}

/** Commit and message; the branch until the repository has been read. */
export function describeCommit({ source }: WireDeployment): string {
  return source.commit === null
    ? source.branch
    : plainText(`${source.commit.sha.slice(0, 12)} ${source.commit.message}`);
}

/** "back to #41, taking back #42"; null where it was built. */
export function describeOrigin({ origin }: WireDeployment): string | null {
  if (origin === null) return null;
  if (origin.kind === 'promote') return `#${origin.number} of ${origin.environment}`;
  const from = origin.from === null ? '' : `, taking back #${origin.from.number}`;
  const why = origin.reason === null ? '' : `: ${plainText(origin.reason)}`;
  return `back to #${origin.number}${from}${origin.automatic ? ', by itself' : ''}${why}`;
}

/** "serving", or "crashed (3 restarts)" while it is down although it should run. */
export function describePhase({ phase, crashedAt, restarts }: WireInstance): string {
  return crashedAt === null ? phase : `crashed (${plural(restarts, 'restart')})`;
}
