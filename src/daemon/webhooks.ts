import { randomBytes } from 'node:crypto';
import type { Kysely } from 'kysely';
import type { WebhookCommands } from '../engine/commands/webhook-commands.ts';
import type { ApplyInstallationEvent } from '../engine/commands/installation-events.ts';
import type { ApplyPreviewEvent } from '../engine/commands/preview-events.ts';
import { WebhookProcessor } from '../engine/commands/webhook-processor.ts';
import { webhookCommands } from '../engine/commands/webhooks.ts';
import type { ConfigurationStore } from '../engine/ports/configuration-store.ts';
import type { OperatorLog, Ports } from '../engine/ports/ports.ts';
import { webhookDrivers } from '../drivers/webhooks/drivers.ts';
import { createWebhookStore } from '../store/webhooks.ts';
import type { Database } from '../store/schema.ts';

export interface Webhooks {
  readonly commands: WebhookCommands;
  /** Works on deliveries until aborted. */
  run(signal: AbortSignal): Promise<void>;
}

interface WebhookWiring {
  readonly db: Kysely<Database>;
  readonly ports: Pick<Ports, 'clock' | 'random' | 'secretBox' | 'deployments'>;
  readonly configuration: ConfigurationStore;
  readonly log: OperatorLog;
  readonly applyPreviewEvent: ApplyPreviewEvent;
  readonly applyInstallationEvent: ApplyInstallationEvent;
  /** A deployment was recorded. */
  readonly wake: () => void;
}

export function composeWebhooks(wiring: WebhookWiring): Webhooks {
  const { db, ports, configuration, applyPreviewEvent, applyInstallationEvent, log, wake } = wiring;
  const { clock, random, secretBox, deployments } = ports;
  const store = createWebhookStore(db);
  const processor = new WebhookProcessor({
    store,
    clock,
    log,
    random,
    secretBox,
    deployments,
    configuration,
    applyPreviewEvent,
    applyInstallationEvent,
    wake,
  });
  return {
    commands: webhookCommands({
      store,
      drivers: webhookDrivers,
      secretBox,
      random,
      clock,
      projects: configuration.projects,
      newSecret: () => randomBytes(32).toString('base64url'),
      wakeProcessor: () => processor.wake(),
    }),
    run: (signal) => processor.run(signal),
  };
}
