import type { Config } from '../config.ts';
import type { DataDirectory } from '../data-directory.ts';
import { nameOf, type VariableName } from '../environment-variables.ts';
import { obstacleToListening, obstacleToRouter } from '../ports.ts';
import type { Check } from './check.ts';

/** Whether the ports can be had; only for where no control plane runs, which would have one of them itself. */
export async function checkPorts(config: Config, directory: DataDirectory): Promise<readonly Check[]> {
  const { api, router } = config;
  return [
    portCheck('api port', api.port, await obstacleToListening(api.host, api.port), 'apiPort'),
    portCheck('router port', router.port, await obstacleToRouter(config, directory), 'httpPort'),
  ];
}

function portCheck(name: string, port: number, obstacle: string | null, variable: VariableName): Check {
  if (obstacle === null) return { name, status: 'ok', found: String(port), fix: null };
  const found = obstacle === 'EADDRINUSE' ? `${port} is taken by another process` : `${port}: ${obstacle}`;
  return { name, status: 'failed', found, fix: `Stop that process, or choose another port with ${nameOf(variable)}.` };
}
