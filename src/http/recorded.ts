import type { Triggered } from '../engine/commands/commands.ts';
import { json } from './answer.ts';
import { wireDeployment } from './wire/deployment.ts';

/** The answer to whatever starts a deployment: where it is, and 200 where the same request was made before. */
export function recorded({ deployment, replayed }: Triggered) {
  const location = `/api/projects/${deployment.projectName}/deployments/${deployment.number}`;
  return { ...json(wireDeployment(deployment)), location, ...(replayed ? ({ status: 200 } as const) : {}) };
}
