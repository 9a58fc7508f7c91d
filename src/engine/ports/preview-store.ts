import type { EnvironmentSettings } from '../../domain/environment-settings.ts';
import type { Preview, PreviewOpening, PreviewSubject } from '../../domain/preview.ts';
import type { PreviewSettings } from '../../domain/preview-settings.ts';

/**
 * Which previews are asked for, kept in the database: a row for each for ever, as long as there is the project. What is asked for is
 * recorded first; the environment is made, given deployments and taken down after that, by whoever comes to it, and once only.
 * Error of all: `database_unavailable`. Every method is one transaction.
 */
export interface PreviewStore {
  /** The defaults where nothing was ever set. */
  settings(projectId: string): Promise<PreviewSettings>;
  /** `change` gets them as they are, and nobody changes them in between; what it throws is thrown. null: the project is gone. */
  updateSettings(
    projectId: string,
    change: (current: PreviewSettings) => PreviewSettings,
  ): Promise<PreviewSettings | null>;
  /** How a visitor's password is known; null: none is asked for. */
  password(projectId: string): Promise<string | null>;
  /** False when the project is gone. */
  setPassword(projectId: string, verifier: string | null): Promise<boolean>;

  /** Records what is to be shown, with the first of `names` that is free. null: the project is gone, or every name is taken. */
  open(project: PreviewProject, opening: PreviewOpening & NewPreviewNames): Promise<Opened | null>;
  /** Those that are open, and the end of their environments. Resolves to them as they are then. */
  close(projectId: string, subjects: readonly PreviewSubject[], closing: Closing): Promise<readonly Preview[]>;
  /** Lets a fork's commit be built, if it is the newest still. null: it is not, or there is no such open preview. */
  approve(previewId: string, commit: string, by: string): Promise<Preview | null>;

  /** By name. */
  find(projectId: string, name: string): Promise<Preview | null>;
  byId(previewId: string): Promise<Preview | null>;
  /** Newest push first; `closed`: those too for which there is nothing any more. At most 1,000. */
  list(projectId: string, closed: boolean): Promise<readonly Preview[]>;
  /** Ids of those that are open and wait for an environment or for a deployment, oldest push first. */
  waiting(): Promise<readonly string[]>;
  /** Ids and projects of those that are open, with their last push. */
  opened(): Promise<readonly OpenPreview[]>;

  /** What serves in a preview and is to have a URL of its own, and has none yet. */
  withoutUrl(): Promise<readonly DeploymentWithoutUrl[]>;
  /** URLs of deployments whose preview is closed, or has as many newer ones as it may have. */
  outdatedUrls(): Promise<readonly OutdatedUrl[]>;

  /** Makes its environment, or says why not now; one that has one keeps it. */
  place(previewId: string, request: PlaceRequest): Promise<Placed>;
  /** A deployment was recorded for this push. */
  deployed(previewId: string, revision: number): Promise<void>;
}

export interface PreviewProject {
  readonly id: string;
  readonly repository: string;
}

export interface NewPreviewNames {
  readonly id: string;
  /** The best one first. */
  readonly names: readonly string[];
}

export interface Opened {
  readonly preview: Preview;
  /** `none`: it is so already; `stale`: something newer is known, and nothing was changed. */
  readonly effect: 'opened' | 'push' | 'none' | 'stale';
}

export interface Closing {
  readonly reason: string;
  /** The subject itself is closed or gone. */
  readonly finished: boolean;
  /** Only what was looked at before this was decided: where something was pushed since, nothing is closed. Default: whatever there is. */
  readonly ofRevision?: number;
  /** Only those of this address, as it stands in them, and no provider is told. Default: whatever there is. */
  readonly ofFormerRepository?: string;
}

export interface OpenPreview extends Pick<
  Preview,
  'id' | 'projectId' | 'repository' | 'subject' | 'pushedAt' | 'revision'
> {
  /** The project's, as it is now. */
  readonly projectRepository: string | null;
  readonly ttlMs: number | null;
}

export interface DeploymentWithoutUrl {
  readonly projectId: string;
  readonly projectName: string;
  readonly repository: string;
  /** Name of the preview that it serves in. */
  readonly preview: string;
  readonly branch: string;
  /** null: it is of no commit. */
  readonly commit: string | null;
  readonly number: number;
}

export interface OutdatedUrl {
  readonly projectId: string;
  readonly subject: PreviewSubject;
  /** Why, for people. */
  readonly reason: string;
}

export interface PlaceRequest {
  readonly environmentId: string;
  readonly settings: EnvironmentSettings;
  readonly limit: number;
  readonly hostOf: (name: string) => string;
  /** Tried in order where its own name is somebody else's. */
  readonly names: readonly string[];
}

/** `full`: the project has as many as it may; `removing`: the one before is being taken down; `taken`: every name is. */
export type Placed = 'placed' | 'full' | 'removing' | 'taken' | 'gone';
