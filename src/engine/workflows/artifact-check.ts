import type { Artifact } from '../../domain/artifact.ts';
import type { Runtime } from '../ports/runtime.ts';
import type { StaticFiles } from '../ports/static-files.ts';

export interface ArtifactCheck {
  exists(artifact: Artifact, signal: AbortSignal): Promise<boolean>;
}

/** Whether what a deployment runs is still on this machine. */
export function artifactCheck(ports: {
  readonly runtime: Pick<Runtime, 'inspectImage'>;
  readonly staticFiles: Pick<StaticFiles, 'has'>;
}): ArtifactCheck {
  return {
    async exists(artifact, signal) {
      if (artifact.type === 'bundle') return ports.staticFiles.has(artifact.bundle);
      return (await ports.runtime.inspectImage(artifact.imageId, signal)) !== null;
    },
  };
}
