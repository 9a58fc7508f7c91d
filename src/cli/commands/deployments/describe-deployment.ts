import type { WireDeployment, WireInstance } from '../../../contract/schemas/deployment.ts';
import { formatBytes } from '../../output/bytes.ts';
import { plainText, plural } from '../../output/quantities.ts';

/** "#41 (0123456789ab Fix the cart)". */
export function nameDeployment(deployment: WireDeployment): string {
  return `#${deployment.number} (${describeSource(deployment)})`;
}

/** Commit and message, or the branch until the repository has been read; the image; the file or the directory that was sent. */
export function describeSource({ source }: WireDeployment): string {
  switch (source.kind) {
    case 'git':
      if (source.commit === null) return source.branch;
      return plainText(`${source.commit.sha.slice(0, 12)} ${source.commit.message}`);
    case 'image':
      return plainText(source.reference);
    case 'image-upload':
    case 'bundle':
      return plainText(`${source.upload.filename} ${source.upload.sha256.slice(0, 12)}`);
    case 'directory': {
      const { upload, tree, commit } = source;
      const at = commit === null ? '' : `, at ${describeCommit(commit)}`;
      return plainText(`${upload.filename} ${(tree ?? upload.sha256).slice(0, 12)}${at}`);
    }
  }
}

/** Everything that is known of it, with a name for each. */
export function sourceFacts({ source }: WireDeployment): readonly (readonly [string, string | null])[] {
  switch (source.kind) {
    case 'git': {
      const { commit, requestedCommit, branch } = source;
      return [
        ['commit', commit === null ? requestedCommit : `${commit.sha} ${commit.message}`],
        ['branch', branch],
      ];
    }
    case 'image':
      return [
        ['image', source.reference],
        ['digest', source.digest],
      ];
    case 'image-upload':
    case 'bundle':
      return [
        ['file', `${source.upload.filename} (${formatBytes(source.upload.sizeBytes)})`],
        ['SHA-256', source.upload.sha256],
      ];
    case 'directory': {
      const { upload, tree, commit } = source;
      return [
        ['directory', `${upload.filename} (${formatBytes(upload.sizeBytes)} sent)`],
        ['tree', tree],
        ['commit', commit === null ? null : describeCommit(commit, commit.sha.length)],
      ];
    }
  }
}

function describeCommit({ sha, dirty }: { readonly sha: string; readonly dirty: boolean }, digits = 12): string {
  return `${sha.slice(0, digits)}${dirty ? ' with changes' : ''}`;
}

/** "back to #41, taking back #42"; null where it was built. */
export function describeOrigin({ origin }: WireDeployment): string | null {
  if (origin === null) return null;
  if (origin.kind === 'promote') return `#${origin.number} of ${origin.environment}`;
  const from = origin.from === null ? '' : `, taking back #${origin.from.number}`;
  const why = origin.reason === null ? '' : `: ${plainText(origin.reason)}`;
  return `back to #${origin.number}${from}${origin.automatic ? ', by itself' : ''}${why}`;
}

/** "serving", or "crashed (3 restarts)" while it is down although it should run. */
export function describePhase({ phase, crashedAt, restarts }: WireInstance): string {
  return crashedAt === null ? phase : `crashed (${plural(restarts, 'restart')})`;
}
