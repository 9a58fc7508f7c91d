import { createDockerRuntime } from '../../drivers/runtime/docker/docker-runtime.ts';
import type { Config } from '../config.ts';
import { dataDirectory } from '../data-directory.ts';
import { createOperatorLog } from '../operator-log.ts';
import { findServer } from '../server-process.ts';
import type { Check } from './check.ts';
import { buildLimits } from '../drivers.ts';
import { checkBuildLimits } from './build-checks.ts';
import { checkDatabase } from './database-check.ts';
import { checkBaseImage, checkDocker, checkLiveRestore } from './docker-checks.ts';
import { checkDisk, checkGit, checkNode, checkProgram } from './machine-checks.ts';
import { checkPorts } from './port-checks.ts';

/** Every prerequisite of this machine, without a control plane to ask. */
export async function examineMachine(config: Config): Promise<readonly Check[]> {
  const directory = dataDirectory(config.dataDir);
  const runtime = createDockerRuntime({
    socketPath: config.dockerSocket,
    platformId: 'doctor',
    networkPool: config.networkPool,
    log: createOperatorLog('silent'),
  });
  const serverRuns = (await findServer(directory)) !== null;
  const [ports, ...others] = await Promise.all([
    serverRuns ? Promise.resolve([]) : checkPorts(config, directory),
    checkDocker(runtime),
    checkLiveRestore(runtime),
    checkProgram('haproxy', config.haproxyBin, '-v'),
    checkProgram('nginx', config.nginxBin, '-v'),
    checkGit(),
    checkDatabase(config.database),
    checkBaseImage(runtime),
    checkBuildLimits(buildLimits(config, () => undefined)),
    checkDisk(config.dataDir),
  ]);
  return [checkNode(), ...others, ...ports];
}
