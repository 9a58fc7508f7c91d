import type { Deployment } from '../../domain/deployment.ts';
import type { ImageOwner } from '../../domain/image-names.ts';

export function imageOwner({ projectName, number, id }: Deployment): ImageOwner {
  return { projectName, number, deploymentId: id };
}
