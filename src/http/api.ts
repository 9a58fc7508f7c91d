import { Hono, type Context, type MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { operations } from '../contract/endpoints.ts';
import type { Endpoint } from '../contract/endpoint.ts';
import { CutoverError } from '../contract/errors.ts';
import type { Commands } from '../engine/commands/commands.ts';
import type { OperatorLog } from '../engine/ports/ports.ts';
import { callEndpoint } from './call-endpoint.ts';
import { describeFailure, HttpError, problemResponse } from './failure.ts';
import type { Handler, Handlers } from './handler.ts';
import { credentialHandlers } from './handlers/credentials.ts';
import { deployHandlers } from './handlers/deploy.ts';
import { deploymentHandlers } from './handlers/deployments.ts';
import { environmentHandlers } from './handlers/environments.ts';
import { githubAppHandlers } from './handlers/github-app.ts';
import { previewHandlers } from './handlers/previews.ts';
import { projectHandlers } from './handlers/projects.ts';
import { registryHandlers } from './handlers/registries.ts';
import { providerHandlers } from './handlers/providers.ts';
import { retentionHandlers } from './handlers/retention.ts';
import { rolloutHandlers } from './handlers/rollouts.ts';
import { systemHandlers } from './handlers/system.ts';
import { tokenHandlers } from './handlers/tokens.ts';
import {
  deliveryHandlers,
  platformWebhookHandlers,
  projectDeliveryHandlers,
  webhookHandlers,
} from './handlers/webhooks.ts';
import { environmentVariableHandlers, previewVariableHandlers, projectVariableHandlers } from './handlers/variables.ts';
import { hostCheck } from './host-check.ts';
import { RawBodies, type RawBodyLimits } from './raw-bodies.ts';
import type { System } from './system.ts';

export interface ApiOptions {
  readonly commands: Commands;
  readonly system: System;
  readonly log: OperatorLog;
  /** Aborted when the server shuts down: every stream is closed at once. */
  readonly shutdown: AbortSignal;
  /** Host names, without port, that are answered beside localhost, 127.0.0.1 and [::1]. */
  readonly hostNames?: readonly string[];
  /** Default 15 s. */
  readonly heartbeatMs?: number;
  /** How often a stream asks whether its token still holds; default 5 s. */
  readonly tokenCheckMs?: number;
  /** Default 100 MB, 30 s. */
  readonly rawBodies?: RawBodyLimits;
}

const maxBodyBytes = 1_000_000;

/** The API as a Hono app: every endpoint of the contract's table, and nothing else. */
export function createApi(options: ApiOptions): Hono {
  const app = new Hono();
  const checkHost = hostCheck(options.hostNames ?? []);
  app.use(async (context, next) => {
    checkHost(context.req.header('host'));
    await next();
  });
  const handlers = handlersOf(options);
  const rawBodies = new RawBodies(options.rawBodies);
  for (const { id, endpoint } of operations()) {
    const handler = handlerOf(handlers, id);
    const call = (context: Context) => callEndpoint({ endpoint, handler, context, options, rawBodies });
    // Who keeps an upload, or reads bytes as they are, has a limit of their own.
    if (endpoint.upload === true || endpoint.rawBody !== undefined) app.on(endpoint.method, honoPath(endpoint), call);
    else app.on(endpoint.method, honoPath(endpoint), limitBody, call);
  }
  app.notFound(({ req }) => {
    const message = `${req.method} ${req.path} is no endpoint; /api/openapi.json lists them`;
    return problemResponse(describeFailure(new CutoverError('not_found', message), options.log, ''));
  });
  app.onError((error, { req }) => problemResponse(describeFailure(error, options.log, `${req.method} ${req.path}`)));
  return app;
}

const limitBody: MiddlewareHandler = bodyLimit({
  maxSize: maxBodyBytes,
  onError: () => {
    throw new HttpError(413, 'invalid_input', `the body is larger than ${maxBodyBytes} bytes`);
  },
});

function handlersOf({ commands, system }: ApiOptions): Handlers {
  return {
    system: systemHandlers(system, commands.deployments),
    projects: projectHandlers(commands.projects, commands.pushes),
    environments: environmentHandlers(commands.environments),
    projectVariables: projectVariableHandlers(commands.variables),
    environmentVariables: environmentVariableHandlers(commands.variables),
    previewVariables: previewVariableHandlers(commands.variables),
    credentials: credentialHandlers(commands.credentials),
    registries: registryHandlers(commands.registries),
    tokens: tokenHandlers(commands.tokens),
    deploy: deployHandlers(commands.deployments),
    deployments: deploymentHandlers(commands.deployments),
    rollouts: rolloutHandlers(commands.deployments),
    retention: retentionHandlers(commands.retention),
    webhooks: webhookHandlers(commands.webhooks),
    platformWebhooks: platformWebhookHandlers(commands.webhooks),
    projectDeliveries: projectDeliveryHandlers(commands.webhooks),
    deliveries: deliveryHandlers(commands.webhooks),
    previews: previewHandlers(commands.previews),
    providers: providerHandlers(commands.providers),
    githubApp: githubAppHandlers(commands.githubApp),
  };
}

/** The types of `Handlers` are lost here: what a handler is given has been checked against its endpoint's schemas instead. */
function handlerOf(handlers: Handlers, id: string): Handler<Endpoint> {
  const [group, name] = id.split('.');
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see above
  const table = handlers as unknown as Readonly<Record<string, Readonly<Record<string, Handler<Endpoint>>>>>;
  const handler = table[group ?? '']?.[name ?? ''];
  if (handler === undefined) throw new Error(`no handler for ${id}`);
  return handler;
}

function honoPath(endpoint: Endpoint): string {
  return endpoint.path.replaceAll(/\{(\w+)\}/g, ':$1');
}
