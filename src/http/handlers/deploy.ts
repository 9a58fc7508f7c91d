import type { DeploymentCommands } from '../../engine/commands/commands.ts';
import type { NewImageDeployment, Sent } from '../../engine/commands/intake.ts';
import type { HandlerGroup } from '../handler.ts';
import { recorded } from '../recorded.ts';

export function deployHandlers(deployments: DeploymentCommands): HandlerGroup<'deploy'> {
  const upload = async ({ actor, params, query, bytes, idempotencyKey, signal }: UploadRequest, sent: Sent) => {
    const { environment, filename } = query;
    const input = { environment, filename, sent, bytes, ...(idempotencyKey === null ? {} : { idempotencyKey }) };
    return recorded(await deployments.deployUpload(actor, params.project, input, signal));
  };
  return {
    image: async ({ actor, params, body, idempotencyKey }) => {
      const input: NewImageDeployment = idempotencyKey === null ? body : { ...body, idempotencyKey };
      return recorded(await deployments.deployImage(actor, params.project, input));
    },
    imageUpload: (request) => upload(request, { what: 'image' }),
    static: (request) => upload(request, { what: 'static', spa: request.query.spa }),
    directory: (request) => {
      const { commit, dirty, noCache } = request.query;
      const sent = commit === undefined ? null : { sha: commit, dirty };
      return upload(request, { what: 'directory', commit: sent, noCache });
    },
  };
}

type UploadRequest = Pick<
  Parameters<HandlerGroup<'deploy'>['imageUpload']>[0],
  'actor' | 'params' | 'query' | 'bytes' | 'idempotencyKey' | 'signal'
>;
