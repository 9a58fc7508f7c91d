import { isTerminal } from '../../domain/errors.ts';
import type { Actor } from '../../domain/roles.ts';
import type { Upload } from '../../domain/source.ts';
import type { Triggered } from './commands.ts';
import type { NewUploadDeployment, Sent } from './intake.ts';
import type { DeploymentDependencies } from './deployments.ts';
import { idempotencyOf } from './idempotency.ts';
import { requireAccess, requireEnvironment } from './projects-access.ts';
import { findPlace, recordDeployment, type NewWork, type Place } from './record-deployment.ts';

interface Request {
  readonly project: string;
  readonly input: NewUploadDeployment;
}

/** An image tarball, or the archive of a bundle or of a directory to be built. It is kept, whole and on the disk, before the deployment is on record. */
export async function deployUpload(
  dependencies: DeploymentDependencies,
  actor: Actor,
  { project, input }: Request,
  signal: AbortSignal,
): Promise<Triggered> {
  requireAccess(actor, 'trigger', project);
  requireEnvironment(actor, project, input.environment);
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
  const { environment, sent, idempotencyKey } = input;
  const { kind, source, facts } = describe(sent, upload);
  return {
    kind,
    source,
    trigger: {
      kind: 'manual',
      by: actor.name,
      tokenId: actor.tokenId,
      noCache: sent.what === 'directory' && sent.noCache,
    },
    idempotency: idempotencyOf(actor, idempotencyKey, [kind, project, environment, upload.sha256, ...facts]),
    onceKey: null,
  };
}

interface Described extends Pick<NewWork, 'kind' | 'source'> {
  /** What makes it another request beside its bytes. */
  readonly facts: readonly (string | boolean | null)[];
}

function describe(sent: Sent, upload: Upload): Described {
  switch (sent.what) {
    case 'image':
      return { kind: 'image-upload', source: { kind: 'image-upload', upload }, facts: [] };
    case 'static':
      return { kind: 'static', source: { kind: 'bundle', upload, spa: sent.spa }, facts: [sent.spa] };
    case 'directory': {
      const { commit, noCache } = sent;
      return { kind: 'directory', source: { kind: 'directory', upload, commit, tree: null }, facts: [noCache] };
    }
  }
}
