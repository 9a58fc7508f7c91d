import type { Artifact } from './artifact.ts';

/** One commit, as Git tells it. */
export interface CommitInfo {
  /** 40 hex digits. */
  readonly sha: string;
  /** First line of the message. */
  readonly message: string;
  readonly author: string;
  /** ISO 8601. */
  readonly committedAt: string;
}

/** A commit of a repository. What was asked for is fixed at the trigger; `commit` is filled in once. */
export interface GitSource {
  readonly kind: 'git';
  readonly repository: string;
  readonly branch: string;
  /** 40 hex digits; null means the head of the branch when the repository is first read. */
  readonly requestedCommit: string | null;
  /** null until the repository has been read. Every later step uses this and nothing else. */
  readonly commit: CommitInfo | null;
}

/** An image of a registry. */
export interface ImageSource {
  readonly kind: 'image';
  /** As it was given: `nginx`, `registry.example.com:5000/team/app:1.4`, `app@sha256:…`. */
  readonly reference: string;
  /** `sha256:…` of what the reference named when the registry was first asked; null until then. Nothing else is pulled. */
  readonly digest: string | null;
}

/** What a caller sent, as it was received. */
export interface Upload {
  readonly id: string;
  /** For people, as the caller named it; `-` where it did not. */
  readonly filename: string;
  readonly sizeBytes: number;
  /** SHA-256 of its bytes, 64 hex digits. */
  readonly sha256: string;
}

/** An image in a tarball, as `docker save` writes it or in the OCI layout. */
export interface ImageUploadSource {
  readonly kind: 'image-upload';
  readonly upload: Upload;
}

/** Files that are served as they are, in an archive. */
export interface BundleSource {
  readonly kind: 'bundle';
  readonly upload: Upload;
  /** Unknown paths are answered with `/index.html`. */
  readonly spa: boolean;
}

/** The commit that a directory was at when it was sent, as whoever sent it says. Nobody has checked it. */
export interface SentCommit {
  /** 40 hex digits, or 64. */
  readonly sha: string;
  /** There were changes beside it. */
  readonly dirty: boolean;
}

/** A directory, packed by whoever sent it, which is built as a repository is. Its upload is named after it. */
export interface DirectorySource {
  readonly kind: 'directory';
  readonly upload: Upload;
  /** null: it is no work tree of Git, or nobody said. */
  readonly commit: SentCommit | null;
  /** 64 hex digits, SHA-256 over its sorted paths and contents, so that the same files have the same; null until it has been read. */
  readonly tree: string | null;
}

/** Where what a deployment runs comes from (rule 2.1). */
export type DeploymentSource = GitSource | ImageSource | ImageUploadSource | BundleSource | DirectorySource;

export const triggerKinds = ['manual', 'push', 'automatic'] as const;

export interface Trigger {
  readonly kind: (typeof triggerKinds)[number];
  /** Name of the token; of a push, who pushed and where, as `ada (GitHub)`; `cutover` for what the platform does by itself. */
  readonly by: string;
  readonly noCache: boolean;
  /** Id of the token that asked for it; left out where none did, or it is not known. */
  readonly tokenId?: string;
}

/** Id of what was sent for it, for as long as nothing has been made of it; null: it needs nothing of that kind. */
export function awaitedUpload(of: {
  readonly source: DeploymentSource;
  readonly artifact: Artifact | null;
}): string | null {
  return 'upload' in of.source && of.artifact === null ? of.source.upload.id : null;
}

/** null: it is not known yet, or there is none. */
export function commitOf(source: DeploymentSource): CommitInfo | null {
  return source.kind === 'git' ? source.commit : null;
}

/** By what the files that are to be built are known exactly: the commit, or the tree that was sent; null: they were not read yet, or there are none. */
export function revisionOf(source: DeploymentSource): string | null {
  return source.kind === 'directory' ? source.tree : (commitOf(source)?.sha ?? null);
}

/**
 * What waits is replaced by what is newer of the same line in the environment (rule 2.4): a branch; `''`, which is none, for everything that
 * does not come from a repository.
 */
export function lineOf(source: DeploymentSource): string {
  return source.kind === 'git' ? source.branch : '';
}

/** What was found out about what was asked for. */
export interface Resolved {
  readonly commit?: CommitInfo;
  /** Of an image: `sha256:…`. */
  readonly digest?: string;
  /** Of a directory that was sent: 64 hex digits. */
  readonly tree?: string;
}

/** With what was found out; of a source of another kind nothing can be. */
export function resolveSource(source: DeploymentSource, { commit, digest, tree }: Resolved): DeploymentSource {
  if (source.kind === 'git' && commit !== undefined) return { ...source, commit };
  if (source.kind === 'image' && digest !== undefined) return { ...source, digest };
  if (source.kind === 'directory' && tree !== undefined) return { ...source, tree };
  return source;
}

/** As it is to be asked for once more: what is known by now is not asked again. */
export function pinned(source: DeploymentSource): DeploymentSource {
  if (source.kind !== 'git') return source;
  return { ...source, requestedCommit: source.commit?.sha ?? source.requestedCommit };
}
