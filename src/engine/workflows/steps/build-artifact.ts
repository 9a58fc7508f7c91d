import { join } from 'node:path';
import type { Artifact } from '../../../domain/artifact.ts';
import type { BuildPlan } from '../../../domain/build-plan.ts';
import { isBuilt } from '../../../domain/deployment-kind.ts';
import { revisionOf } from '../../../domain/source.ts';
import { CutoverError } from '../../../domain/errors.ts';
import { applyAppBuild } from '../../../domain/app-config/apply.ts';
import { builtImageName } from '../../../domain/image-names.ts';
import type { BuildLine } from '../../ports/builder.ts';
import type { CachedArtifact } from '../../ports/deployment-store.ts';
import type { Step } from '../deploy.ts';
import { takePlace } from '../build-place.ts';
import { checkOut } from '../check-out.ts';
import type { DeploymentRun } from '../deployment-run.ts';
import { buildInputs, withSecretsHash } from '../build-inputs.ts';
import { baseImageIds, findBuilt } from '../find-built.ts';
import { imageOwner } from '../image-owner.ts';
import { keyFor } from '../image-keys.ts';
import { keepArtifact } from '../keep-artifact.ts';

const job = 'BuildImageJob';

/** Turns the revision into an image or a bundle; the same input that was built before is not built again. */
export const buildArtifact: Step = {
  name: 'build-artifact',
  writesFirst: true,
  job: () => job,
  isDone: ({ deployment }) => !isBuilt(deployment.kind) || deployment.artifact !== null,
  async run(run) {
    const revision = revisionOf(run.deployment.source);
    if (revision === null) throw new CutoverError('internal', 'a build was begun before it was known of what');
    const { keys, cached } = await findBuilt(run, revision);
    if (cached !== null) {
      run.say(`nothing changed since this was last built: ${nameOf(cached.artifact)} is used again`);
      keep(run, cached, true);
      return discardSent(run);
    }
    await run.flush();
    await run.workshop.requireRoom(run.signal);
    const { built, plan } = await build(run, revision);
    await save(run, keyFor(keys, plan), built);
    keep(run, built, false);
    await discardSent(run);
  },
};

/** What was sent is not needed any more. What was made of it is kept first: after a crash in between it is not asked for again. */
async function discardSent(run: DeploymentRun): Promise<void> {
  const { source } = run.deployment;
  if (source.kind !== 'directory') return;
  await run.flush();
  await run.ports.uploads.remove(source.upload.id);
}

/** An image that nobody will know of is not left behind. */
async function save(run: DeploymentRun, key: string, built: CachedArtifact): Promise<void> {
  try {
    run.signal.throwIfAborted();
    await run.ports.deployments.saveArtifact(key, run.deployment.projectId, built);
  } catch (error) {
    if (built.artifact.type === 'image') await run.ports.runtime.removeImage(built.artifact.imageId, run.leaseSignal);
    throw error;
  }
}

interface Built {
  readonly built: CachedArtifact;
  readonly plan: BuildPlan;
}

async function build(run: DeploymentRun, revision: string): Promise<Built> {
  const { configuration, id } = run.deployment;
  try {
    const { path, config, files } = await checkOut(run, revision);
    if (files.length > 0) run.say(`configuration of the repository: ${files.join(', ')}`);
    const settings = withSecretsHash(run, applyAppBuild(configuration.build, config));
    const plan = await run.ports.planner.plan(path, settings, run.signal);
    await run.write({ timeline: [{ kind: 'build.planned', preset: plan.preset, explanation: plan.explanation }] });
    const artifact = await produce(run, plan, path);
    const baseImages = await baseImageIds(run, plan.baseImages);
    return { plan, built: { artifact, baseImages, appConfig: config } };
  } finally {
    await run.ports.source.release(id);
  }
}

async function produce(run: DeploymentRun, plan: BuildPlan, checkout: string): Promise<Artifact> {
  const { output } = plan;
  const { directory } = run.deployment.configuration.build;
  const { staticFiles, builder } = run.ports;
  if (output.type === 'checkout-files') {
    const stored = await staticFiles.putDirectory(join(checkout, directory, output.directory), run.signal);
    return { type: 'bundle', bundle: stored.bundle, sizeBytes: stored.sizeBytes, spa: output.spa };
  }
  // An app of a workspace is built from the files of all of it.
  const image = await buildImage(run, plan, join(checkout, plan.contextDirectory ?? directory));
  if (output.type === 'image') return { type: 'image', ...image };
  try {
    const stored = await staticFiles.putTar(
      await builder.exportFiles(image.imageId, output.path, run.signal),
      run.signal,
    );
    return { type: 'bundle', bundle: stored.bundle, sizeBytes: stored.sizeBytes, spa: output.spa };
  } finally {
    await run.ports.runtime.removeImage(image.imageId, run.leaseSignal);
  }
}

async function buildImage(run: DeploymentRun, plan: BuildPlan, contextPath: string) {
  const { id, projectId, trigger } = run.deployment;
  await using _place = await takePlace(run);
  return await run.ports.builder.build(
    {
      deploymentId: id,
      contextPath,
      plan,
      tag: builtImageName(imageOwner(run.deployment)),
      labels: { ...run.workshop.imageLabels, 'cutover.project': projectId, 'cutover.deployment': id },
      noCache: trigger.noCache,
      ...buildInputs(run),
      timeoutMs: run.workshop.buildTimeoutMs,
    },
    (line) => run.logs.write(job, streamOf(line), line.text),
    run.signal,
  );
}

function streamOf(line: BuildLine): 'stdout' | 'stderr' | 'system' {
  return line.stream === 'progress' ? 'system' : line.stream;
}

function keep(run: DeploymentRun, { artifact, appConfig }: CachedArtifact, reused: boolean): void {
  const timeline = [{ kind: 'build.completed', sizeBytes: artifact.sizeBytes, reused }] as const;
  keepArtifact(run, { artifact, appConfig, timeline });
}

function nameOf(artifact: Artifact): string {
  return artifact.type === 'image'
    ? `image ${artifact.imageId.slice(7, 19)}`
    : `bundle ${artifact.bundle.slice(0, 12)}`;
}
