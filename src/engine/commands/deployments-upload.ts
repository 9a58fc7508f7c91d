import { isTerminal } from '../../domain/errors.ts';
import type { Actor } from '../../domain/roles.ts';
import type { Upload } from '../../domain/source.ts';
import type { Triggered } from './commands.ts';
import type { NewUploadDeployment } from './intake.ts';
import type { DeploymentDependencies } from './deployments.ts';
import { idempotencyOf } from './idempotency.ts';
import { requireAccess } from './projects-access.ts';
import { findPlace, recordDeployment, type NewWork, type Place } from './record-deployment.ts';

interface Request {
  readonly project: string;
  readonly input: NewUploadDeployment;
}

/** An image tarball or the archive of a bundle. It is kept, whole and on the disk, before the deployment is on record. */
export async function deployUpload(
  dependencies: DeploymentDependencies,
  actor: Actor,
  { project, input }: Request,
  signal: AbortSignal,
): Promise<Triggered> {
  requireAccess(actor, 'deploy', project);
  await findPlace(dependencies, project, input.environment);
  const { uploads } = dependencies;
  const upload = await uploads.receive({ filename: input.filename, bytes: input.bytes }, signal);
  try {
    // A large upload takes its time: what is deployed has the configuration of now.
    const place = await findPlace(dependencies, project, input.environment);
    const triggered = await recordDeployment(dependencies, { ...place, ...workOf(actor, upload, { project, input }) });
    if (triggered.replayed) await uploads.remove(upload.id);
    return triggered;
  } catch (error) {
    // Else it may be on record all the same: the reconciler removes what nobody waits for.
    if (isTerminal(error)) await uploads.remove(upload.id);
    throw error;
  }
}

function workOf(actor: Actor, upload: Upload, { project, input }: Request): Omit<NewWork, keyof Place> {
  const { environment, what, spa, idempotencyKey } = input;
  const isImage = what === 'image';
  const request = [isImage ? 'image-upload' : 'static', project, environment, upload.sha256, ...(isImage ? [] : [spa])];
  return {
    kind: isImage ? 'image-upload' : 'static',
    source: isImage ? { kind: 'image-upload', upload } : { kind: 'bundle', upload, spa },
    trigger: { kind: 'manual', by: actor.name, noCache: false },
    idempotency: idempotencyOf(actor, idempotencyKey, request),
    onceKey: null,
  };
}
