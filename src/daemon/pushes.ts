import type { Kysely } from 'kysely';
import type { PushCommands } from '../engine/commands/push-commands.ts';
import type { DeploymentDependencies } from '../engine/commands/deployments.ts';
import type { ApplyPreviewEvent } from '../engine/commands/preview-events.ts';
import { pushCommands } from '../engine/commands/pushes.ts';
import type { OperatorLog } from '../engine/ports/ports.ts';
import { PushKeeper } from '../engine/reconcile/push-keeper.ts';
import { createHostedRepositories } from '../drivers/source/hosting/hosted-repositories.ts';
import { createPushStore } from '../store/pushes.ts';
import type { Database } from '../store/schema.ts';
import { createWebhookStore } from '../store/webhooks.ts';
import type { Config } from './config.ts';
import type { DataDirectory } from './data-directory.ts';

/** What takes pushes to the platform's own repositories. */
export interface Pushes {
  readonly commands: PushCommands;
  run(signal: AbortSignal): Promise<void>;
}

interface PushWiring {
  readonly config: Config;
  readonly directory: Pick<DataDirectory, 'git'>;
  readonly db: Kysely<Database>;
  readonly deployments: DeploymentDependencies;
  readonly applyPreviewEvent: ApplyPreviewEvent;
  readonly urlOf: (host: string) => string;
  readonly log: OperatorLog;
}

export async function composePushes(wiring: PushWiring): Promise<Pushes> {
  const { config, directory, db, deployments, applyPreviewEvent, urlOf, log } = wiring;
  const repositories = await createHostedRepositories({
    dir: directory.git,
    maxBytes: config.source.limits.mirrorBytes,
    timeoutMs: config.source.timeoutMs,
  });
  const { clock, checkBranch, random } = deployments;
  const store = createPushStore(db);
  const recording = { ...deployments, commits: createWebhookStore(db) };
  const { queries } = deployments;
  const acting = { recording, applyPreviewEvent, checkBranch };
  const keeper = new PushKeeper({ repositories, store, queries, clock, log, ...acting });
  const remoteOf = (project: string) => `${urlOf(config.publicHost)}/git/${project}.git`;
  return {
    commands: pushCommands({ deployments, repositories, keeper, random, remoteOf }),
    run: (signal) => keeper.run(signal),
  };
}
