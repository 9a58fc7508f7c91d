import { instanceLogName, type Instance } from '../../domain/deployment.ts';
import type { DeploymentRun } from './deployment-run.ts';

const mostLines = 50;

/** The message, followed by what the instance printed last: the answer to most questions of why. */
export async function withLastLines(
  run: DeploymentRun,
  instance: Pick<Instance, 'id' | 'startedBy'>,
  message: string,
): Promise<string> {
  const lines = await run.ports.logs.tail(instanceLogName(instance), mostLines);
  if (lines.length === 0) return `${message}; it printed nothing`;
  return `${message}; its last ${lines.length} lines:\n${lines.map(({ text }) => text).join('\n')}`;
}
