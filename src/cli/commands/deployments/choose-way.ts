import { randomUUID } from 'node:crypto';
import { endpoints } from '../../../contract/endpoints.ts';
import { CutoverError } from '../../../contract/errors.ts';
import type { WireDeployment } from '../../../contract/schemas/deployment.ts';
import type { ApiClient } from '../../client/api-client.ts';
import { formatBytes } from '../../output/bytes.ts';
import type { Session } from '../../session.ts';
import { deployDirectory } from './deploy-directory.ts';
import { openFile, openFiles, type OpenUpload } from '../../upload/open-upload.ts';

/** What is deployed; a commit of the repository where none of the others is given. */
export interface WayOptions {
  readonly environment: string;
  readonly commit?: string;
  readonly branch?: string;
  /** False with --no-cache. */
  readonly cache: boolean;
  readonly image?: string;
  readonly imageTarball?: string;
  readonly static?: string;
  readonly spa?: boolean;
  readonly from?: string;
}

/** Records the deployment, sending what there is to be sent. */
export type Way = (session: Session, client: ApiClient, project: string) => Promise<WireDeployment>;

/** Error: `usage` where more than one is given, or what does not go together. */
export function chooseWay(options: WayOptions): Way {
  const { image, imageTarball, static: files, commit, branch, cache, spa, from } = options;
  const given = [image, imageTarball, files, from].filter((value) => value !== undefined);
  if (given.length > 1) throw new CutoverError('usage', 'name one of --image, --image-tarball, --static and --from');
  if (given.length > 0 && (commit !== undefined || branch !== undefined))
    throw new CutoverError('usage', '--commit and --branch go with a repository');
  if (given.length > 0 && from === undefined && !cache)
    throw new CutoverError('usage', '--no-cache goes with what is built');
  if (spa === true && files === undefined) throw new CutoverError('usage', '--spa goes with --static');
  if (from !== undefined)
    return (session, client, project) => deployDirectory(session, client, { project, from, options });
  if (image !== undefined) return (_session, client, project) => deployImage(client, { project, image, options });
  if (imageTarball !== undefined) {
    return async (session, client, project) => {
      const upload = await openFile(imageTarball, session.terminal);
      return send(session, client, {
        endpoint: endpoints.deploy.imageUpload,
        project,
        upload,
        query: { environment: options.environment },
      });
    };
  }
  if (files === undefined) return (_session, client, project) => deployCommit(client, project, options);
  return async (session, client, project) => {
    const upload = await openFiles(files, session.terminal);
    const query = { environment: options.environment, spa: spa ?? false };
    return send(session, client, { endpoint: endpoints.deploy.static, project, upload, query });
  };
}

function deployCommit(client: ApiClient, project: string, { environment, commit, branch, cache }: WayOptions) {
  return client.call(endpoints.deployments.trigger, {
    params: { project },
    body: {
      environment,
      ...(commit === undefined ? {} : { commit: commit.toLowerCase() }),
      ...(branch === undefined ? {} : { branch }),
      ...(cache ? {} : { noCache: true }),
    },
    idempotencyKey: randomUUID(),
  });
}

interface FromRegistry {
  readonly project: string;
  readonly image: string;
  readonly options: WayOptions;
}

function deployImage(client: ApiClient, { project, image, options: { environment } }: FromRegistry) {
  const body = { environment, image };
  return client.call(endpoints.deploy.image, { params: { project }, body, idempotencyKey: randomUUID() });
}

interface Sending {
  readonly endpoint: (typeof endpoints.deploy)['imageUpload' | 'static'];
  readonly project: string;
  readonly upload: OpenUpload;
  readonly query: { readonly environment: string; readonly spa?: boolean };
}

async function send(session: Session, client: ApiClient, { endpoint, project, upload, query }: Sending) {
  const { filename, sizeBytes, bytes } = upload;
  session.say(`sending ${filename}${sizeBytes === null ? '' : ` (${formatBytes(sizeBytes)})`}`);
  const { environment, spa } = query;
  return client.call(endpoint, {
    params: { project },
    query: { environment, filename, ...(spa === undefined ? {} : { spa }) },
    upload: bytes,
    idempotencyKey: randomUUID(),
  });
}
