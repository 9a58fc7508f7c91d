import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { arch, tmpdir } from 'node:os';
import { join } from 'node:path';
import Docker from 'dockerode';
import { CutoverError } from '../../domain/errors.ts';
import { downloadPackages, unpackPackage } from './debian-packages.ts';
import { importImage, recipeLabel, splitReference } from './import-image.ts';
import { downloadNode, unpackNode } from './node-package.ts';
import { recipeHash, recipesFor } from './recipe.ts';
import type { Architecture, BaseImageName, ImageRecipe, MachineInputs } from './recipe.ts';
import { findPython, finishPython } from './python-packages.ts';
import { settleAll } from './settle-all.ts';
import { linkApplets, writeSkeleton } from './root-filesystem.ts';

export interface BaseImagesOptions {
  readonly socketPath: string;
  readonly which: readonly BaseImageName[];
  /** Majors to make `cutover/base-node:<major>` for; 18 and later exist. */
  readonly nodeMajors: readonly number[];
  /** Build also what is there already. */
  readonly force?: boolean;
  /** PEM bundle the images trust, the machine's own by default; a missing file is fine. */
  readonly certificatesFile?: string;
  /** Directory for temporary files; the system's by default. */
  readonly temporaryDirectory?: string;
  /** Progress for people. */
  readonly onLine: (line: string) => void;
  readonly signal: AbortSignal;
}

export interface BaseImageResult {
  readonly reference: string;
  readonly imageId: string;
  /** False: an image of the same recipe was there. */
  readonly built: boolean;
  readonly durationMs: number;
}

/** An engine that says nothing for so long is given up. */
const engineIdleLimitMs = 120_000;

/**
 * Makes base images on a machine that can pull none: from packages of its own distribution and Node's binaries on the npm
 * registry. Each takes 2-9 s; what exists with the same recipe is left. Leaves no temporary file.
 * Errors: `base_image_failed`, `runtime_unavailable`.
 */
export async function buildBaseImages(options: BaseImagesOptions): Promise<readonly BaseImageResult[]> {
  // The empty host keeps DOCKER_HOST from overruling the socket.
  const docker = new Docker({ socketPath: options.socketPath, host: '', timeout: engineIdleLimitMs });
  const machine = await machineInputs(options.certificatesFile ?? '/etc/ssl/certs/ca-certificates.crt');
  if (machine.certificates === null)
    options.onLine('no certificate bundle on this machine: the images trust none but Node’s own');
  const results: BaseImageResult[] = [];
  const python = options.which.includes('python') ? await findPython({ cwd: tmpdir(), signal: options.signal }) : null;
  for (const recipe of recipesFor(options.which, options.nodeMajors, python)) {
    results.push(await buildOne({ docker, machine, recipe, options }).catch(explain));
  }
  return results;
}

/** What is not ours came from the engine. */
function explain(error: unknown): never {
  throw error instanceof CutoverError ? error : unavailable(error);
}

interface OneImage {
  readonly docker: Docker;
  readonly machine: MachineInputs;
  readonly recipe: ImageRecipe;
  readonly options: BaseImagesOptions;
}

async function buildOne(image: OneImage): Promise<BaseImageResult> {
  const { docker, machine, recipe, options } = image;
  const startedAt = performance.now();
  const hash = recipeHash(recipe, machine);
  const existing = await findImage(docker, recipe.reference);
  const kept = existing?.hash === hash && options.force !== true;
  const imageId = kept ? existing.id : await assemble(image, hash);
  await pointAliases(docker, recipe);
  if (existing !== null && existing.id !== imageId) await removeReplaced(docker, existing.id);
  const durationMs = Math.round(performance.now() - startedAt);
  options.onLine(`${recipe.reference}: ${kept ? 'is there' : `built in ${(durationMs / 1000).toFixed(1)} s`}`);
  return { reference: recipe.reference, imageId, built: !kept, durationMs };
}

async function assemble({ docker, machine, recipe, options }: OneImage, hash: string): Promise<string> {
  const directory = await mkdtemp(join(options.temporaryDirectory ?? tmpdir(), 'cutover-base-image-'));
  try {
    const run = { cwd: directory, signal: options.signal };
    const root = join(directory, 'root');
    await mkdir(root);
    const [packages, node] = await settleAll([
      downloadPackages(recipe.debianPackages, run),
      recipe.nodeMajor === null ? Promise.resolve(null) : downloadNode(recipe.nodeMajor, machine.architecture, run),
      writeSkeleton(root, machine),
    ]);
    for (const file of packages.values()) await unpackPackage(file, root, run);
    await linkApplets(root, run);
    if (node !== null) await unpackNode(node, root, run);
    if (recipe.pythonVersion !== undefined) await finishPython(recipe.pythonVersion, root, run);
    return await importImage(docker, { recipe, hash, machine, root }, options.signal);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function machineInputs(certificatesFile: string): Promise<MachineInputs> {
  return {
    architecture: architecture(),
    osRelease: await readFile('/etc/os-release', 'utf8'),
    certificates: await readFile(certificatesFile).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null;
      throw error;
    }),
  };
}

function architecture(): Architecture {
  const name = arch();
  if (name === 'x64') return 'amd64';
  if (name === 'arm64') return 'arm64';
  throw new CutoverError('base_image_failed', `there are no base images for the architecture ${name}`);
}

interface FoundImage {
  readonly id: string;
  /** The recipe it was made by; undefined when it is not one of ours. */
  readonly hash: string | undefined;
}

async function findImage(docker: Docker, reference: string): Promise<FoundImage | null> {
  try {
    const image = await docker.getImage(reference).inspect();
    return { id: image.Id, hash: image.Config.Labels?.[recipeLabel] };
  } catch (error) {
    if (statusCode(error) === 404) return null;
    throw error;
  }
}

/** Takes a public name only where nobody has it, or where it points at an earlier image of ours. */
async function pointAliases(docker: Docker, recipe: ImageRecipe): Promise<void> {
  for (const alias of recipe.aliases) {
    const owner = await findImage(docker, alias);
    if (owner !== null && owner.hash === undefined) continue;
    const [repo, tag] = splitReference(alias);
    await docker.getImage(recipe.reference).tag({ repo, tag });
  }
}

async function removeReplaced(docker: Docker, imageId: string): Promise<void> {
  await docker
    .getImage(imageId)
    .remove()
    .catch((error: unknown) => {
      // Already gone, or something still runs from it: it stays, without a name.
      if (statusCode(error) !== 404 && statusCode(error) !== 409) throw error;
    });
}

function statusCode(error: unknown): number | undefined {
  return error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number'
    ? error.statusCode
    : undefined;
}

function unavailable(error: unknown): CutoverError {
  return new CutoverError('runtime_unavailable', `Docker: ${error instanceof Error ? error.message : String(error)}`, {
    cause: error,
  });
}
