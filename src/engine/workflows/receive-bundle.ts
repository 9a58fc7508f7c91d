import type { BundleSource } from '../../domain/source.ts';
import type { DeploymentRun } from './deployment-run.ts';
import { keepArtifact } from './keep-artifact.ts';

/** Takes the files out of the archive that was sent, which is then not needed any more. */
export async function receiveBundle(run: DeploymentRun, { upload, spa }: BundleSource): Promise<void> {
  const { uploads, staticFiles } = run.ports;
  await run.flush();
  const path = await uploads.path(upload.id);
  await run.workshop.requireRoom(run.signal);
  run.say(`unpacking ${upload.filename}`);
  const { bundle, sizeBytes, files } = await staticFiles.putArchive(path, run.signal);
  keepArtifact(run, {
    artifact: { type: 'bundle', bundle, sizeBytes, spa },
    appConfig: run.deployment.configuration.appConfig,
    timeline: [{ kind: 'bundle.received', bundle, files, sizeBytes }],
  });
  // Kept first: after a crash in between it is not asked for again.
  await run.flush();
  await uploads.remove(upload.id);
}
