import type { Artifact } from '../../../../src/domain/artifact.ts';
import type { Deletion, Leftovers } from '../../../../src/engine/ports/deployment-store.ts';
import type { Transaction } from './transaction.ts';

/** Equal files of two projects are one bundle, and two environments run one image: what somebody else has too is kept. */
export function leftovers(tx: Transaction, deletion: Deletion): Leftovers {
  const users = usersOf(tx, deletion);
  const kept = new Set(users.filter(({ going }) => !going).map(({ artifact }) => contentOf(artifact)));
  const gone = users.filter(({ artifact, going }) => going && !kept.has(contentOf(artifact)));
  const contents = (type: Artifact['type']) => [
    ...new Set(gone.filter(({ artifact }) => artifact.type === type).map(({ artifact }) => contentOf(artifact))),
  ];
  return { imageIds: contents('image'), bundles: contents('bundle') };
}

interface User {
  readonly artifact: Artifact;
  readonly going: boolean;
}

function usersOf({ db }: Transaction, { kind, id, projectId }: Deletion): readonly User[] {
  const deployed = db.deployments.all().flatMap(({ deployment }): readonly User[] => {
    const owner = kind === 'project' ? deployment.projectId : deployment.environmentId;
    return deployment.artifact === null ? [] : [{ artifact: deployment.artifact, going: owner === id }];
  });
  const built = db.artifacts
    .all()
    // What was built for the project of an environment that goes is neither its own nor somebody else's.
    .filter((row) => kind === 'project' || row.projectId !== projectId)
    .map((row) => ({ artifact: row.cached.artifact, going: row.projectId === projectId }));
  return [...deployed, ...built];
}

function contentOf(artifact: Artifact): string {
  return artifact.type === 'image' ? artifact.imageId : artifact.bundle;
}
