import { CutoverError } from '../../domain/errors.ts';
import { parseImageReference } from '../../domain/image-reference.ts';
import type { Actor } from '../../domain/roles.ts';
import type { Triggered } from './commands.ts';
import type { NewImageDeployment } from './intake.ts';
import type { DeploymentDependencies } from './deployments.ts';
import { idempotencyOf } from './idempotency.ts';
import { requireAccess, requireEnvironment } from './projects-access.ts';
import { findPlace, recordDeployment } from './record-deployment.ts';

/** An image of a registry: of a tag what it names when the registry is first asked. */
export async function deployImage(
  dependencies: DeploymentDependencies,
  actor: Actor,
  { project, input }: { readonly project: string; readonly input: NewImageDeployment },
): Promise<Triggered> {
  requireAccess(actor, 'trigger', project);
  requireEnvironment(actor, project, input.environment);
  const { environment, image: reference, idempotencyKey } = input;
  if (parseImageReference(reference) === null) {
    throw new CutoverError(
      'invalid_input',
      `image: "${reference}" names no image, as registry.example.com/app:1.2 does`,
    );
  }
  const place = await findPlace(dependencies, project, environment);
  return recordDeployment(dependencies, {
    ...place,
    kind: 'image',
    source: { kind: 'image', reference, digest: null },
    trigger: { kind: 'manual', by: actor.name, tokenId: actor.tokenId, noCache: false },
    idempotency: idempotencyOf(actor, idempotencyKey, ['image', project, environment, reference]),
    onceKey: null,
  });
}
