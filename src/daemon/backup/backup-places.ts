import { createLogArchive, type LogArchive } from '../../drivers/logs/files/log-archive.ts';
import { createDockerImageArchive, type ImageArchive } from '../../drivers/runtime/docker/image-archive.ts';
import { createRepositoryArchive, type RepositoryArchive } from '../../drivers/source/hosting/repository-archive.ts';
import { createBundleArchive, type BundleArchive } from '../../drivers/static/nginx/bundle-archive.ts';
import type { Config } from '../config.ts';
import { dataDirectory, type DataDirectory } from '../data-directory.ts';

/** Where the things are that are no rows. */
export interface BackupPlaces {
  readonly directory: DataDirectory;
  readonly images: ImageArchive;
  readonly bundles: BundleArchive;
  readonly logs: LogArchive;
  readonly repositories: RepositoryArchive;
}

export function backupPlaces(config: Config): BackupPlaces {
  const directory = dataDirectory(config.dataDir);
  return {
    directory,
    images: createDockerImageArchive({ socketPath: config.dockerSocket }),
    bundles: createBundleArchive({ dir: directory.staticFiles }),
    logs: createLogArchive({ dir: directory.logs }),
    repositories: createRepositoryArchive({ dir: directory.git }),
  };
}

/** Who is told how far it is, and whether to go on. */
export interface Attendance {
  readonly progress: (line: string) => void;
  readonly signal: AbortSignal;
}
