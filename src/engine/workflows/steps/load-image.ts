import type { Step } from '../deploy.ts';
import { imageOwner } from '../image-owner.ts';
import { keepArtifact } from '../keep-artifact.ts';

const job = 'LoadImageJob';

/** Takes the image out of the tarball that was sent, which is then not needed any more. */
export const loadImage: Step = {
  name: 'load-image',
  writesFirst: true,
  job: () => job,
  isDone: ({ deployment }) => deployment.kind !== 'image-upload' || deployment.artifact !== null,
  async run(run) {
    const { source } = run.deployment;
    if (source.kind !== 'image-upload') throw new Error(`nothing of the kind ${source.kind} is loaded`);
    const { uploads, imageIntake } = run.ports;
    await run.flush();
    const path = await uploads.path(source.upload.id);
    await run.workshop.requireRoom(run.signal);
    run.say(`loading ${source.upload.filename}`);
    const say = (line: string) => run.logs.write(job, 'system', line);
    const image = await imageIntake.load({ path, owner: imageOwner(run.deployment) }, say, run.signal);
    keepArtifact(run, {
      artifact: { type: 'image', ...image },
      appConfig: run.deployment.configuration.appConfig,
      timeline: [{ kind: 'image.received', imageId: image.imageId, sizeBytes: image.sizeBytes }],
    });
    // Kept first: after a crash in between it is not asked for again.
    await run.flush();
    await uploads.remove(source.upload.id);
  },
};
