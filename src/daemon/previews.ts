import { githubAppCommands } from '../engine/commands/github-app.ts';
import type { GitHubAppCommands, PreviewCommands, ProviderCommands } from '../engine/commands/preview-commands.ts';
import {
  applyInstallationEvent,
  doubtRefused,
  type ApplyInstallationEvent,
  type Refusal,
} from '../engine/commands/installation-events.ts';
import { applyPreviewEvent, type ApplyPreviewEvent } from '../engine/commands/preview-events.ts';
import { previewCommands, type PreviewDependencies } from '../engine/commands/previews.ts';
import { providerCommands } from '../engine/commands/providers.ts';
import type { Engine } from '../engine/engine.ts';
import { InstallationKeeper } from '../engine/github-app/installation-keeper.ts';
import type { ConfigurationStore } from '../engine/ports/configuration-store.ts';
import type { OperatorLog, Ports } from '../engine/ports/ports.ts';
import { PreviewKeeper } from '../engine/previews/preview-keeper.ts';
import { ProviderCourier } from '../engine/previews/provider-courier.ts';
import { ProviderSurvey } from '../engine/previews/provider-survey.ts';
import { checkBranch } from '../drivers/source/git/refs.ts';
import { createDeploymentQueries } from '../store/deployment-queries.ts';
import { createPreviewStore } from '../store/previews.ts';
import { createProviderStore } from '../store/providers.ts';
import type { Config } from './config.ts';
import type { PlatformDatabase } from './database.ts';
import type { GitHub } from './github.ts';

const keeperIntervalMs = 5_000;
const courierIntervalMs = 2_000;
const installationIntervalMs = 10_000;
const surveyIntervalMs = 10 * 60_000;

/** What opens and closes previews, sees to it that there is what was asked for, and tells the providers of it. */
export interface Previews {
  readonly commands: {
    readonly previews: PreviewCommands;
    readonly providers: ProviderCommands;
    readonly githubApp: GitHubAppCommands;
  };
  /** For what webhooks tell. */
  readonly applyPreviewEvent: ApplyPreviewEvent;
  readonly applyInstallationEvent: ApplyInstallationEvent;
  /** A deployment is completed, and may be one that is to have a URL of its own. */
  onCompleted(): void;
  run(signal: AbortSignal): Promise<void>;
}

interface PreviewWiring {
  readonly config: Pick<Config, 'baseDomain'>;
  readonly urlOf: (host: string) => string;
  readonly configuration: ConfigurationStore;
  readonly database: PlatformDatabase;
  readonly ports: Ports;
  readonly engine: Engine;
  readonly github: GitHub;
  readonly log: OperatorLog;
}

export function composePreviews(wiring: PreviewWiring): Previews {
  const { urlOf, configuration, database, ports, engine, github, log } = wiring;
  const { random, secretBox, clock } = ports;
  const previews = createPreviewStore(database.db);
  const keeper = composeKeeper(wiring, previews);
  const wakeReconciler = () => engine.wakeReconciler();
  const dependencies = { configuration, previews, keeper, random, urlOf, checkBranch, wakeReconciler };
  const providers = createProviderStore(database.db);
  const { githubApp, githubApps } = github;
  const told = { ...github, providers, secretBox, clock, log };
  const look = () => installations.look();
  const onDoubt = (refusal: Refusal) => doubtRefused({ githubApp, githubApps, look }, refusal);
  const courier = new ProviderCourier({ ...told, previews, random, urlOf, onDoubt, intervalMs: courierIntervalMs });
  const survey = new ProviderSurvey({ ...told, dependencies, intervalMs: surveyIntervalMs });
  const onFound = () => courier.wake();
  const installations = new InstallationKeeper({ ...told, onFound, intervalMs: installationIntervalMs });
  const wake = () => {
    courier.wake();
    installations.wake();
  };
  return {
    commands: {
      previews: previewCommands(dependencies),
      providers: providerCommands({ configuration, providers, random, secretBox, wake }),
      githubApp: githubAppCommands({ githubApp, githubApps, random, secretBox, wake }),
    },
    applyPreviewEvent: (request) => applyPreviewEvent(dependencies, request),
    applyInstallationEvent: (event) => applyInstallationEvent({ githubApp, githubApps, wake }, event.installation),
    onCompleted: () => keeper.wake(),
    run: async (signal) =>
      void (await Promise.all([keeper, courier, survey, installations].map((part) => part.run(signal)))),
  };
}

function composeKeeper(
  { config, configuration, database, ports, engine, log }: PreviewWiring,
  previews: PreviewDependencies['previews'],
): PreviewKeeper {
  const { random, secretBox, clock, deployments } = ports;
  const { baseDomain } = config;
  const queries = createDeploymentQueries(database.db);
  const wake = () => engine.wake('');
  return new PreviewKeeper({
    advance: { configuration, previews, deployments, queries, random, secretBox, baseDomain, wake },
    clock,
    log,
    intervalMs: keeperIntervalMs,
    wakeReconciler: () => engine.wakeReconciler(),
  });
}
