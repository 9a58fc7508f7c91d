import { Readable } from 'node:stream';
import { CutoverError } from '../../../domain/errors.ts';
import { defaultRegistry, parseImageReference, type ImageReference } from '../../../domain/image-reference.ts';
import type { RegistryCredential } from '../../../domain/registry-credential.ts';
import type { ImageRequest, PullRequest } from '../../../engine/ports/image-intake.ts';
import { EngineRefusal, isDiskFull, type EngineConnection } from './engine-connection.ts';
import { fitsEngine, platformOf } from './image-platform.ts';
import { inspectPlatform } from './local-images.ts';
import { readPullProgress } from './pull-progress.ts';

const askTimeoutMs = 30_000;
/** Of the engine, until it begins to tell how the pull goes. */
const beginTimeoutMs = 60_000;

/** `sha256:…`: what is given, or what the registry says the tag names now. */
export async function resolveDigest(
  engine: EngineConnection,
  { reference, credential }: ImageRequest,
  signal: AbortSignal,
): Promise<string> {
  const image = parsed(reference);
  if (image.digest !== null) return image.digest;
  const name = `${image.repository}:${image.tag ?? 'latest'}`;
  try {
    const { Descriptor, Platforms } = await engine.call(
      { what: `ask the registry for ${name}`, timeoutMs: askTimeoutMs },
      signal,
      (docker) => docker.getImage(name).distribution({ ...authOf(credential) }),
    );
    const own = await platformOf(engine, signal);
    const offered: readonly { readonly os: string; readonly architecture: string }[] = Platforms ?? [];
    // One that does not say what it is made for is looked at when it is here.
    const told = offered.filter(({ os, architecture }) => os !== '' && architecture !== '');
    if (told.length > 0 && !told.some((platform) => fitsEngine(platform, own))) {
      const all = [...new Set(told.map(({ os, architecture }) => `${os}/${architecture}`))].join(', ');
      throw new CutoverError('image_wrong_platform', `${reference} is made for ${all}, this machine is ${own.name}`);
    }
    return Descriptor.digest;
  } catch (error) {
    throw explain(error, { reference, credential });
  }
}

/** What is pulled is what the digest says, or nothing. */
export async function pullByDigest(
  engine: EngineConnection,
  request: PullRequest,
  { onLine, signal }: { readonly onLine: (line: string) => void; readonly signal: AbortSignal },
): Promise<void> {
  const { repository } = parsed(request.reference);
  const ended = new AbortController();
  const both = AbortSignal.any([signal, ended.signal]);
  try {
    const stream = await engine.call({ what: 'pull an image', timeoutMs: beginTimeoutMs }, signal, (docker) =>
      docker.createImage(authOf(request.credential)?.authconfig, {
        fromImage: repository,
        tag: request.digest,
        abortSignal: both,
      }),
    );
    await readPullProgress(Readable.from(stream, { objectMode: false, signal }), onLine, signal);
    const own = await platformOf(engine, signal);
    const made = await inspectPlatform(engine, `${repository}@${request.digest}`, signal);
    if (made !== null && !fitsEngine(made, own)) {
      const what = `${made.os}/${made.architecture}`;
      throw new CutoverError(
        'image_wrong_platform',
        `${request.reference} is made for ${what}, this machine is ${own.name}`,
      );
    }
  } catch (error) {
    signal.throwIfAborted();
    throw explain(error, request);
  } finally {
    // The engine stops pulling when nobody listens any more.
    ended.abort();
  }
}

function parsed(reference: string): ImageReference {
  const image = parseImageReference(reference);
  if (image === null) throw new CutoverError('invalid_input', `"${reference}" names no image`);
  return image;
}

function authOf(credential: RegistryCredential | null) {
  if (credential === null) return undefined;
  const { host, username, password } = credential;
  const serveraddress = host === defaultRegistry ? 'https://index.docker.io/v1/' : host;
  return { authconfig: { username, password, serveraddress } };
}

/** Registries, and Docker, say the same in many words. */
function explain(error: unknown, { reference, credential }: ImageRequest): unknown {
  if (!(error instanceof EngineRefusal) || isDiskFull(error)) return error;
  const { said, status } = error;
  const is = (pattern: RegExp) => pattern.test(said);
  if (is(/no matching manifest|does not match the specified platform/i))
    return new CutoverError('image_wrong_platform', `${reference}: ${said}`, { cause: error });
  if (status === 401 || status === 403 || is(/unauthorized|no basic auth|authentication required|denied|forbidden/i)) {
    return credential === null
      ? new CutoverError('registry_needs_credentials', `${reference}: the registry says "${said}"`, { cause: error })
      : new CutoverError('registry_credentials_refused', `${reference}: the registry says "${said}"`, { cause: error });
  }
  if (status === 404 || is(/manifest unknown|not found|name unknown/i))
    return new CutoverError('image_not_found', `${reference}: the registry says "${said}"`, { cause: error });
  if (status === 400) return new CutoverError('invalid_input', `${reference}: ${said}`, { cause: error });
  return new CutoverError('registry_unreachable', `${reference}: ${said}`, { cause: error });
}
