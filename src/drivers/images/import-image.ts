import { Readable } from 'node:stream';
import type Docker from 'dockerode';
import tarFs from 'tar-fs';
import type { Headers } from 'tar-fs';
import { CutoverError } from '../../domain/errors.ts';
import { certificatesPath, nodeUserId } from './root-filesystem.ts';
import type { ImageRecipe, MachineInputs } from './recipe.ts';

export const recipeLabel = 'cutover.recipe';

export interface ImportRequest {
  readonly recipe: ImageRecipe;
  readonly hash: string;
  readonly machine: MachineInputs;
  /** The directory that becomes `/`. */
  readonly root: string;
}

/** `docker import` of a directory, owned by root whoever wrote it; returns the image's id. */
export async function importImage(docker: Docker, request: ImportRequest, signal: AbortSignal): Promise<string> {
  const [repo, tag] = splitReference(request.recipe.reference);
  const response = await docker.importImage(packAsRoot(request.root), {
    repo,
    tag,
    changes: imageSettings(request),
    abortSignal: signal,
  });
  return importedId(await readBody(response), request.recipe.reference);
}

export function splitReference(reference: string): readonly [repository: string, tag: string] {
  const colon = reference.lastIndexOf(':');
  return [reference.slice(0, colon), reference.slice(colon + 1)];
}

function packAsRoot(root: string): Readable {
  const options = {
    // Modes as they are on disk; whatever this process's umask took from reading is given back. (Missing in the types.)
    umask: 0,
    readable: true,
    map: (header: Headers) => {
      const owner = header.name === 'home/node' ? nodeUserId : 0;
      return { ...header, uid: owner, gid: owner, uname: '', gname: '' };
    },
  };
  return Readable.from(tarFs.pack(root, options), { objectMode: false });
}

/** Dockerfile instructions, in the form the engine takes with an import. */
function imageSettings({ recipe, hash, machine }: ImportRequest): string[] {
  const variables = ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'];
  if (machine.certificates !== null) {
    variables.push(`SSL_CERT_FILE=${certificatesPath}`, `NODE_EXTRA_CA_CERTS=${certificatesPath}`);
    if (recipe.pythonVersion !== undefined) variables.push(`PIP_CERT=${certificatesPath}`);
  }
  return [
    ...variables.map((variable) => `ENV ${variable}`),
    `LABEL ${recipeLabel}=${hash}`,
    `CMD ${JSON.stringify(recipe.command)}`,
  ];
}

async function readBody(stream: NodeJS.ReadableStream): Promise<string> {
  let body = '';
  for await (const chunk of stream) body += chunk.toString();
  return body;
}

/** The engine answers with one JSON object a line; the last `status` is the image's id, an `error` may come with HTTP 200. */
function importedId(body: string, reference: string): string {
  const id = /"status":"(sha256:[0-9a-f]{64})"/.exec(body)?.[1];
  if (id === undefined) throw new CutoverError('base_image_failed', `docker import of ${reference}: ${body.trim()}`);
  return id;
}
