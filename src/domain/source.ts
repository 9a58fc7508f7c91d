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

/** Where what a deployment runs comes from (rule 2.1). */
export type DeploymentSource = GitSource | ImageSource | ImageUploadSource | BundleSource;

export const triggerKinds = ['manual', 'push', 'automatic'] as const;

export interface Trigger {
  readonly kind: (typeof triggerKinds)[number];
  /** Name of the token; of a push, who pushed and where, as `ada (GitHub)`; `cutover` for what the platform does by itself. */
  readonly by: string;
  readonly noCache: boolean;
}

/** null: it is not known yet, or there is none. */
export function commitOf(source: DeploymentSource): CommitInfo | null {
  return source.kind === 'git' ? source.commit : null;
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
}

/** With what was found out; of a source of another kind nothing can be. */
export function resolveSource(source: DeploymentSource, { commit, digest }: Resolved): DeploymentSource {
  if (source.kind === 'git' && commit !== undefined) return { ...source, commit };
  if (source.kind === 'image' && digest !== undefined) return { ...source, digest };
  return source;
}

/** As it is to be asked for once more: what is known by now is not asked again. */
export function pinned(source: DeploymentSource): DeploymentSource {
  if (source.kind !== 'git') return source;
  return { ...source, requestedCommit: source.commit?.sha ?? source.requestedCommit };
}
