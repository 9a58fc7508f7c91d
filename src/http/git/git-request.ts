import type { IncomingMessage } from 'node:http';
import { CutoverError } from '../../contract/errors.ts';
import { gitServices, type GitService } from '../../engine/ports/git-repositories.ts';
import { HttpError } from '../failure.ts';

/** What a request of Git's protocol over HTTP asks for. */
export interface GitRequest {
  /** Name of the project. */
  readonly project: string;
  readonly service: GitService;
  /** Whether it is the first question: what there is. */
  readonly advertisement: boolean;
}

export const gitPath = '/git/';

const path = /^\/git\/([a-z0-9-]{1,40})\.git\/(info\/refs|git-upload-pack|git-receive-pack)$/;

/** Error: `not_found`, `invalid_input`. */
export function parseGitRequest({ url = '', method, headers }: IncomingMessage): GitRequest {
  const [target = '', query = ''] = url.split('?', 2);
  const [, project, action] = path.exec(target) ?? [];
  if (project === undefined || action === undefined)
    throw new CutoverError('not_found', `${target} is no remote: it is /git/<project>.git`);
  if (action === 'info/refs') return advertisement(project, method, query);
  const service = serviceNamed(action);
  if (method !== 'POST') throw new HttpError(405, 'invalid_input', `${action} is asked with POST`);
  if (headers['content-type'] !== `application/x-${service}-request`)
    throw new HttpError(415, 'invalid_input', `${action} takes application/x-${service}-request`);
  return { project, service, advertisement: false };
}

function advertisement(project: string, method: string | undefined, query: string): GitRequest {
  if (method !== 'GET') throw new HttpError(405, 'invalid_input', 'info/refs is asked with GET');
  const service = new URLSearchParams(query).get('service');
  if (service === null) throw new CutoverError('invalid_input', 'a Git of 1.6.6 or later is needed (smart HTTP)');
  return { project, service: serviceNamed(service), advertisement: true };
}

function serviceNamed(name: string): GitService {
  const service = gitServices.find((known) => known === name);
  if (service === undefined)
    throw new CutoverError('invalid_input', `"${name}" is no service of Git's that is offered here`);
  return service;
}
