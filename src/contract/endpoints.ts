import type { Endpoint } from './endpoint.ts';
import { credentialEndpoints } from './endpoints/credentials.ts';
import { deployEndpoints } from './endpoints/deploy.ts';
import { deploymentEndpoints } from './endpoints/deployments.ts';
import { environmentEndpoints } from './endpoints/environments.ts';
import { githubAppEndpoints } from './endpoints/github-app.ts';
import { previewEndpoints } from './endpoints/previews.ts';
import { projectEndpoints } from './endpoints/projects.ts';
import { registryEndpoints } from './endpoints/registries.ts';
import { providerEndpoints } from './endpoints/providers.ts';
import { retentionEndpoints } from './endpoints/retention.ts';
import { rolloutEndpoints } from './endpoints/rollouts.ts';
import { systemEndpoints } from './endpoints/system.ts';
import { tokenEndpoints } from './endpoints/tokens.ts';
import {
  environmentVariableEndpoints,
  previewVariableEndpoints,
  projectVariableEndpoints,
} from './endpoints/variables.ts';
import {
  deliveryEndpoints,
  platformWebhookEndpoints,
  projectDeliveryEndpoints,
  webhookEndpoints,
} from './endpoints/webhooks.ts';

/** Everything the API offers. `<group>.<name>` is the operation's id. */
export const endpoints = {
  system: systemEndpoints,
  projects: projectEndpoints,
  environments: environmentEndpoints,
  projectVariables: projectVariableEndpoints,
  environmentVariables: environmentVariableEndpoints,
  previewVariables: previewVariableEndpoints,
  credentials: credentialEndpoints,
  registries: registryEndpoints,
  tokens: tokenEndpoints,
  deploy: deployEndpoints,
  deployments: deploymentEndpoints,
  rollouts: rolloutEndpoints,
  retention: retentionEndpoints,
  webhooks: webhookEndpoints,
  platformWebhooks: platformWebhookEndpoints,
  projectDeliveries: projectDeliveryEndpoints,
  deliveries: deliveryEndpoints,
  previews: previewEndpoints,
  providers: providerEndpoints,
  githubApp: githubAppEndpoints,
} as const satisfies Record<string, Record<string, Endpoint>>;

export interface Operation {
  readonly id: string;
  readonly group: string;
  readonly endpoint: Endpoint;
}

export function operations(): readonly Operation[] {
  return Object.entries(endpoints).flatMap(([group, members]) =>
    Object.entries(members).map(([name, endpoint]): Operation => ({ id: `${group}.${name}`, group, endpoint })),
  );
}
