/** What the CLI does with backups, on the machine of the server. Throws CutoverError. */
export interface BackupOperations {
  /** Beside a control plane that works, or without one. */
  createBackup(options: CreateBackupOptions, progress: Progress, signal: AbortSignal): Promise<CreatedBackup>;
  /** Reads all of it and compares every checksum; nothing is written. Errors: `backup_invalid`, `backup_locked`, `backup_too_new`. */
  verifyBackup(options: BackupFile, signal: AbortSignal): Promise<BackupSummary>;
  /**
   * Nothing is written before the whole file has been verified. Nothing runs afterwards. Errors: those of `verifyBackup`,
   * `restore_not_empty`, `restore_ambiguous`.
   */
  restoreBackup(options: RestoreBackupOptions, progress: Progress, signal: AbortSignal): Promise<RestoredBackup>;
}

/** Told each step as a line for people. */
type Progress = (line: string) => void;

interface BackupPlace {
  readonly dataDirectory?: string;
  /** Its first line is the passphrase. */
  readonly passphraseFile?: string;
}

export interface CreateBackupOptions extends BackupPlace {
  /** Default: a name with the time in it, in the working directory. */
  readonly file?: string;
  /** Images and bundles, so that another machine can serve the same. */
  readonly artifacts: boolean;
  readonly logs: boolean;
  /** Not encrypted, and without what must not be in such a file. */
  readonly withoutKeys: boolean;
}

export interface BackupFile extends BackupPlace {
  readonly file: string;
}

export interface RestoreBackupOptions extends BackupFile {
  /** Where the keys are, for a backup without them. */
  readonly keys?: string;
  /** Whose containers, networks and volumes are on this machine: they are this platform's; or another one's that lives on. */
  readonly traces?: 'adopt' | 'copy';
}

export interface BackupSummary {
  readonly file: string;
  readonly release: string;
  readonly platformId: string;
  readonly createdAt: string;
  readonly encrypted: boolean;
  readonly rows: number;
  readonly keysIncluded: boolean;
  readonly artifactsIncluded: boolean;
  readonly logsIncluded: boolean;
  readonly artifacts: number;
  /** Named, never included. */
  readonly volumes: readonly BackedVolume[];
}

export interface CreatedBackup extends BackupSummary {
  readonly sizeBytes: number;
}

export interface BackedVolume {
  readonly project: string;
  readonly environment: string;
  readonly name: string;
}

/** An environment that cannot serve before its commit is deployed again. */
export interface MissingArtifact {
  readonly project: string;
  readonly environment: string;
  readonly number: number;
  /** null: it is not known. */
  readonly commit: string | null;
}

export interface RestoredBackup extends BackupSummary {
  readonly dataDirectory: string;
  /** As it is now; another one than in the backup for a copy. */
  readonly newPlatformId: string;
  /** Applied to bring an older backup up to date. */
  readonly migrated: readonly string[];
  readonly missing: readonly MissingArtifact[];
}
