import type { DeploymentCommands } from '../../engine/commands/commands.ts';
import type { NewImageDeployment, NewUploadDeployment } from '../../engine/commands/intake.ts';
import type { HandlerGroup } from '../handler.ts';
import { recorded } from '../recorded.ts';

export function deployHandlers(deployments: DeploymentCommands): HandlerGroup<'deploy'> {
  const upload = ({ actor, params, bytes, idempotencyKey, signal }: UploadRequest, input: UploadInput) => {
    const whole = { ...input, bytes, ...(idempotencyKey === null ? {} : { idempotencyKey }) };
    return deployments.deployUpload(actor, params.project, whole, signal);
  };
  return {
    image: async ({ actor, params, body, idempotencyKey }) => {
      const input: NewImageDeployment = idempotencyKey === null ? body : { ...body, idempotencyKey };
      return recorded(await deployments.deployImage(actor, params.project, input));
    },
    imageUpload: async (request) => recorded(await upload(request, { ...request.query, what: 'image', spa: false })),
    static: async (request) => recorded(await upload(request, { ...request.query, what: 'static' })),
  };
}

type UploadRequest = Pick<
  Parameters<HandlerGroup<'deploy'>['imageUpload']>[0],
  'actor' | 'params' | 'bytes' | 'idempotencyKey' | 'signal'
>;
type UploadInput = Omit<NewUploadDeployment, 'bytes' | 'idempotencyKey'>;
