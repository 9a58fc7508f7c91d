/** Whose image it is. */
export interface ImageOwner {
  readonly projectName: string;
  readonly number: number;
  readonly deploymentId: string;
}

/** The name of an image that is built for a deployment. */
export function builtImageName({ projectName, number, deploymentId }: ImageOwner): string {
  return `cutover/${projectName}:${number}-${deploymentId.slice(-12)}`;
}

/** Begins the names of images that came here as they are: such an image has no label of the platform's. */
export function receivedImages(platformId: string): string {
  return `cutover-received/${platformId}/`;
}

/** The name of an image that was pulled or loaded for a deployment. */
export function receivedImageName(platformId: string, { projectName, number, deploymentId }: ImageOwner): string {
  return `${receivedImages(platformId)}${projectName}:${number}-${deploymentId}`;
}

/** Whose it is; null where the name is of another kind, or of another platform. */
export function ownerOfReceived(platformId: string, name: string): string | null {
  if (!name.startsWith(receivedImages(platformId))) return null;
  return /:\d+-([0-9a-f-]{36})$/.exec(name)?.[1] ?? null;
}
