import type { PreviewCommands, ProviderCommands } from '../engine/commands/preview-commands.ts';
import { applyPreviewEvent, type ApplyPreviewEvent } from '../engine/commands/preview-events.ts';
import { previewCommands, type PreviewDependencies } from '../engine/commands/previews.ts';
import { providerCommands } from '../engine/commands/providers.ts';
import type { Engine } from '../engine/engine.ts';
import type { ConfigurationStore } from '../engine/ports/configuration-store.ts';
import type { OperatorLog, Ports } from '../engine/ports/ports.ts';
import { PreviewKeeper } from '../engine/previews/preview-keeper.ts';
import { ProviderCourier } from '../engine/previews/provider-courier.ts';
import { ProviderSurvey } from '../engine/previews/provider-survey.ts';
import { addressRule } from '../drivers/outgoing/internal-addresses.ts';
import { outgoingFetch } from '../drivers/outgoing/outgoing-fetch.ts';
import { createProviders } from '../drivers/provider/open-provider.ts';
import { checkBranch } from '../drivers/source/git/refs.ts';
import { createPreviewStore } from '../store/previews.ts';
import { createProviderStore } from '../store/providers.ts';
import type { Config } from './config.ts';
import type { PlatformDatabase } from './database.ts';

const keeperIntervalMs = 5_000;
const courierIntervalMs = 2_000;
const surveyIntervalMs = 10 * 60_000;

/** What opens and closes previews, sees to it that there is what was asked for, and tells the providers of it. */
export interface Previews {
  readonly commands: { readonly previews: PreviewCommands; readonly providers: ProviderCommands };
  /** For what webhooks tell. */
  readonly applyPreviewEvent: ApplyPreviewEvent;
  run(signal: AbortSignal): Promise<void>;
}

interface PreviewWiring {
  readonly config: Pick<Config, 'baseDomain' | 'allowInternal'>;
  readonly urlOf: (host: string) => string;
  readonly configuration: ConfigurationStore;
  readonly database: PlatformDatabase;
  readonly ports: Ports;
  readonly engine: Engine;
  readonly log: OperatorLog;
}

export function composePreviews(wiring: PreviewWiring): Previews {
  const { config, urlOf, configuration, database, ports, engine, log } = wiring;
  const { random, secretBox, clock } = ports;
  const previews = createPreviewStore(database.db);
  const keeper = composeKeeper(wiring, previews);
  const wakeReconciler = () => engine.wakeReconciler();
  const dependencies = { configuration, previews, keeper, random, urlOf, checkBranch, wakeReconciler };
  const providers = createProviderStore(database.db);
  const openProvider = createProviders(outgoingFetch(addressRule(config.allowInternal)));
  const told = { providers, openProvider, secretBox, clock, log };
  const courier = new ProviderCourier({ ...told, previews, random, urlOf, intervalMs: courierIntervalMs });
  const survey = new ProviderSurvey({ ...told, dependencies, intervalMs: surveyIntervalMs });
  const wake = () => courier.wake();
  return {
    commands: {
      previews: previewCommands(dependencies),
      providers: providerCommands({ configuration, providers, random, secretBox, wake }),
    },
    applyPreviewEvent: (request) => applyPreviewEvent(dependencies, request),
    run: async (signal) => void (await Promise.all([keeper, courier, survey].map((part) => part.run(signal)))),
  };
}

function composeKeeper(
  { config, configuration, ports, engine, log }: PreviewWiring,
  previews: PreviewDependencies['previews'],
): PreviewKeeper {
  const { random, secretBox, clock, deployments } = ports;
  const { baseDomain } = config;
  const wake = () => engine.wake('');
  return new PreviewKeeper({
    advance: { configuration, previews, deployments, random, secretBox, baseDomain, wake },
    clock,
    log,
    intervalMs: keeperIntervalMs,
    wakeReconciler: () => engine.wakeReconciler(),
  });
}
