import { randomUUID } from 'node:crypto';
import { endpoints } from '../../../contract/endpoints.ts';
import type { WireDeployment } from '../../../contract/schemas/deployment.ts';
import type { ApiClient } from '../../client/api-client.ts';
import { formatBytes } from '../../output/bytes.ts';
import { plainText, plural } from '../../output/quantities.ts';
import type { Session } from '../../session.ts';
import { packFiles } from '../../upload/pack-files.ts';
import { UploadProgress } from '../../upload/upload-progress.ts';
import { readWorkingDirectory, type WorkingDirectory } from '../../upload/working-directory.ts';

interface Request {
  readonly project: string;
  /** Path of the directory. */
  readonly from: string;
  readonly options: { readonly environment: string; readonly cache: boolean };
}

/** Sends a working directory as it is now, to be built as the repository would be. */
export async function deployDirectory(
  session: Session,
  client: ApiClient,
  { project, from, options: { environment, cache } }: Request,
): Promise<WireDeployment> {
  const directory = await readWorkingDirectory(from, session.terminal);
  session.say(`sending ${describe(directory)}`);
  const { name: filename, commit, sizeBytes } = directory;
  using progress = new UploadProgress(session.terminal.stderr, sizeBytes);
  const upload = packFiles(directory, (bytes) => progress.read(bytes));
  const at = commit === null ? {} : { commit: commit.sha, dirty: commit.dirty };
  try {
    return await client.call(endpoints.deploy.directory, {
      params: { project },
      query: { environment, filename, noCache: !cache, ...at },
      upload,
      idempotencyKey: randomUUID(),
    });
  } finally {
    // Who is answered before everything was sent takes no more of it, and says so to nobody.
    await upload.return(undefined);
  }
}

function describe({ name, files, sizeBytes, commit }: WorkingDirectory): string {
  const what = `${plainText(name)}: ${plural(files.length, 'file')}, ${formatBytes(sizeBytes)}`;
  if (commit === null) return what;
  return `${what}; at ${commit.sha.slice(0, 12)}${commit.dirty ? ' with changes' : ''}`;
}
