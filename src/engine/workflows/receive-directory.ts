import type { DirectorySource } from '../../domain/source.ts';
import type { DeploymentRun } from './deployment-run.ts';
import { lookAroundAhead } from './rollout-scene.ts';

/** Reads what was sent: whether it can be taken as a whole, and which tree it is. Nothing of it is unpacked before it is to be built. */
export async function receiveDirectory(run: DeploymentRun, { upload }: DirectorySource): Promise<void> {
  await run.flush();
  const path = await run.ports.uploads.path(upload.id);
  run.say(`reading ${upload.filename}`);
  lookAroundAhead(run);
  const { tree, files, sizeBytes } = await run.ports.source.survey(path, run.signal);
  run.note({ tree, timeline: [{ kind: 'directory.received', tree, files, sizeBytes }] });
}
