import { CutoverError } from '../../../domain/errors.ts';
import { parseImageReference } from '../../../domain/image-reference.ts';
import type { RegistryCredential } from '../../../domain/registry-credential.ts';
import type { ImageSource } from '../../../domain/source.ts';
import { createMasker } from '../../masking.ts';
import type { Step } from '../deploy.ts';
import type { DeploymentRun } from '../deployment-run.ts';
import { imageOwner } from '../image-owner.ts';
import { keepArtifact } from '../keep-artifact.ts';
import { openRegistryCredential } from '../registry-credential.ts';

const job = 'PullExternalImageJob';

/** Brings the image that the reference named when the registry was first asked: what a tag means later is another deployment's. */
export const pullImage: Step = {
  name: 'pull-image',
  writesFirst: true,
  job: () => job,
  isDone: ({ deployment }) => deployment.kind !== 'image' || deployment.artifact !== null,
  async run(run) {
    const { source } = run.deployment;
    if (source.kind !== 'image') throw new Error(`nothing of the kind ${source.kind} is pulled`);
    const credential = await credentialFor(run, source);
    const mask = createMasker(credential === null ? [] : [credential.password]);
    try {
      await run.flush();
      const digest = source.digest ?? (await resolve(run, source, credential));
      await run.workshop.requireRoom(run.signal);
      const owner = imageOwner(run.deployment);
      const request = { reference: source.reference, digest, credential, owner };
      const say = (line: string) => run.logs.write(job, 'system', mask(line));
      const image = await run.ports.imageIntake.pull(request, say, run.signal);
      keepArtifact(run, {
        artifact: { type: 'image', ...image },
        appConfig: run.deployment.configuration.appConfig,
        timeline: [{ kind: 'image.received', imageId: image.imageId, sizeBytes: image.sizeBytes }],
      });
    } catch (error) {
      throw error instanceof CutoverError && credential !== null
        ? new CutoverError(error.code, mask(error.message), { cause: error.cause })
        : error;
    }
  },
};

/** As it is set now, for the registry that the image is at and no other. */
async function credentialFor(run: DeploymentRun, { reference }: ImageSource): Promise<RegistryCredential | null> {
  const host = parseImageReference(reference)?.host;
  if (host === undefined) throw new CutoverError('invalid_input', `"${reference}" names no image`);
  const { deployments, secretBox } = run.ports;
  return openRegistryCredential(secretBox, await deployments.registryCredential(run.deployment.projectId, host));
}

/** Kept before anything is pulled. */
async function resolve(
  run: DeploymentRun,
  { reference }: ImageSource,
  credential: RegistryCredential | null,
): Promise<string> {
  run.say(`asking the registry for ${reference}`);
  const digest = await run.ports.imageIntake.resolve({ reference, credential }, run.signal);
  await run.write({ digest, timeline: [{ kind: 'image.resolved', reference, digest }] });
  return digest;
}
