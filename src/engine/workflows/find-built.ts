import type { Artifact } from '../../domain/artifact.ts';
import type { CachedArtifact } from '../ports/deployment-store.ts';
import type { DeploymentRun, FoundBuilt } from './deployment-run.ts';
import type { ImageKeys } from './image-key.ts';
import { imageKeys } from './image-keys.ts';

/** By what image keys a revision's image goes, and what was built from one of them before; null: it is to be built. */
export async function findBuilt(run: DeploymentRun, revision: string): Promise<FoundBuilt> {
  const ahead = await run.builtBefore.take();
  return ahead !== null && ahead.revision === revision ? ahead : look(run, revision);
}

/** While Git is asked: most of the time it brings what it brought before. */
export function findBuiltAhead(run: DeploymentRun): void {
  const { source, trigger } = run.deployment;
  if (trigger.noCache || source.kind !== 'git') return;
  run.builtBefore.begin(async () => {
    const request = { repository: run.repository, branch: source.branch, commit: source.requestedCommit };
    const expected = await run.ports.source.expected(request);
    return expected === null ? null : look(run, expected.sha);
  });
}

async function look(run: DeploymentRun, revision: string): Promise<FoundBuilt> {
  const keys = await imageKeys(run, revision);
  const cached = run.deployment.trigger.noCache ? null : await findByKeys(run, keys);
  return { revision, keys, cached };
}

/** By what the app is made of first, which changes less often. */
async function findByKeys(run: DeploymentRun, { app, repository }: ImageKeys): Promise<CachedArtifact | null> {
  const own = app === null ? null : await findUsable(run, app);
  return own ?? findUsable(run, repository);
}

/** What was built from this key, if it is still here and its base images are still the same. */
async function findUsable(run: DeploymentRun, key: string): Promise<CachedArtifact | null> {
  const cached = await run.ports.deployments.findArtifact(key);
  if (cached === null) return null;
  const [here, now] = await Promise.all([
    exists(run, cached.artifact),
    baseImageIds(run, Object.keys(cached.baseImages)),
  ]);
  const same = Object.entries(cached.baseImages).every(([ref, id]) => now[ref] === id);
  return here && same ? cached : null;
}

async function exists(run: DeploymentRun, artifact: Artifact): Promise<boolean> {
  if (artifact.type === 'bundle') return run.ports.staticFiles.has(artifact.bundle);
  return (await run.ports.runtime.inspectImage(artifact.imageId, run.signal)) !== null;
}

export async function baseImageIds(
  run: DeploymentRun,
  refs: readonly string[],
): Promise<Record<string, string | null>> {
  const images = await Promise.all(refs.map((ref) => run.ports.runtime.inspectImage(ref, run.signal)));
  return Object.fromEntries(refs.map((ref, index) => [ref, images[index]?.imageId ?? null]));
}
