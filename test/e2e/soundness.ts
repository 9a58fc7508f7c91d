import assert from 'node:assert/strict';
import type { WireEnvironment } from '../../src/contract/schemas/environment.ts';
import type { InvariantReport } from '../../src/contract/schemas/invariants.ts';
import type { Stage } from './stage.ts';
import type { Visit } from './visitors.ts';
import { addresses, checkouts, routerState } from './world.ts';

/** A stage, or the same user before another platform. */
type Visited = Pick<Stage, 'must' | 'until' | 'visit' | 'platform'>;

const calmLimitMs = 60_000;

/** Answers every path with the number of its own deployment, `listenAfterMs` after its start. `mark` makes one commit differ from the next. */
export function tellingNumber(mark: string, listenAfterMs = 0): Readonly<Record<string, string>> {
  return {
    'package.json': JSON.stringify({ name: 'app', private: true, scripts: { start: 'node server.js' } }),
    'server.js': `
// ${mark}
const server = require('node:http').createServer((_, response) => response.end(process.env.CUTOVER_DEPLOYMENT));
setTimeout(() => server.listen(process.env.PORT), ${listenAfterMs});
process.on('SIGTERM', () => process.exit(0));
`,
  };
}

/** When nothing is being done any more: every invariant holds, nothing is left of what failed, and the router has what runs and no more. */
export async function assertCalm(stage: Visited): Promise<void> {
  let last: unknown;
  const calm = async () => {
    const { violations, suspicions } = await stage.must<InvariantReport>('GET', '/api/invariants');
    const { router, containers } = await addresses(stage.platform);
    const { routes } = await routerState(stage.platform);
    const moving = routes.filter(([, { candidate }]) => candidate !== null);
    const wrong = [...violations, ...suspicions, ...(await checkouts(stage.platform)), ...moving];
    last = { wrong, router, containers };
    return wrong.length === 0 && router.join() === containers.join() ? true : null;
  };
  await stage.until('calm', calm, calmLimitMs).catch((error: unknown) => {
    throw new Error(`not calm: ${JSON.stringify(last)}`, { cause: error });
  });
}

/** Visitors of an app that tells its number get what is said to serve: the number of it. */
export async function assertServesCurrent(
  stage: Visited,
  project: string,
  environment = 'production',
): Promise<number> {
  const { currentDeploymentId, hosts } = await stage.must<WireEnvironment>(
    'GET',
    `/api/projects/${project}/environments/${environment}`,
  );
  const { deployments } = await stage.must<{ deployments: { id: string; number: number; state: string }[] }>(
    'GET',
    `/api/projects/${project}/deployments`,
  );
  const current = deployments.find(({ id }) => id === currentDeploymentId);
  assert.equal(current?.state, 'completed', `${project}: current is ${JSON.stringify(current)}`);
  for (const host of hosts) {
    const { status, body } = await stage.visit(host);
    assert.deepEqual([status, body], [200, String(current.number)], host);
  }
  return current.number;
}

/** Those who did not get 200. */
export function failuresOf(visits: readonly Visit[]): readonly Visit[] {
  return visits.filter(({ status }) => status !== 200);
}
