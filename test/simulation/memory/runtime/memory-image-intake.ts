import { CutoverError } from '../../../../src/domain/errors.ts';
import { receivedImageName, type ImageOwner } from '../../../../src/domain/image-names.ts';
import { parseImageReference } from '../../../../src/domain/image-reference.ts';
import type {
  ForgottenImage,
  ImageIntake,
  ImageRequest,
  LoadRequest,
  PullRequest,
} from '../../../../src/engine/ports/image-intake.ts';
import type { ImageInfo } from '../../../../src/engine/ports/runtime.ts';
import type { UploadFiles } from '../memory-uploads.ts';
import type { Containers } from './containers.ts';
import type { Image, Images } from './images.ts';
import { nextStep, reach, type Caller } from './reach.ts';
import type { Registries } from './registries.ts';

interface Machine {
  readonly containers: Containers;
  readonly images: Images;
  readonly registries: Registries;
  readonly uploads: UploadFiles;
  /** What a tarball holds; null: it is none. */
  readonly imageIn: (tarball: Buffer) => Image | null;
}

/** Images from the registries and uploads of the world, as one control plane gets them. */
export class MemoryImageIntake implements ImageIntake {
  readonly #machine: Machine;
  readonly #caller: Caller;

  constructor(machine: Machine, caller: Caller) {
    this.#machine = machine;
    this.#caller = caller;
  }

  async resolve({ reference, credential }: ImageRequest, signal: AbortSignal): Promise<string> {
    const { registries } = this.#reach(signal);
    const parsed = parseImageReference(reference);
    if (parsed === null) throw new CutoverError('invalid_input', `"${reference}" names no image`);
    const offered = parsed.digest === null ? registries.find(reference) : registries.at(parsed.digest);
    if (offered === null) throw new CutoverError('image_not_found', `${reference}: there is none`);
    if (offered.password !== null && credential?.password !== offered.password) {
      const code = credential === null ? 'registry_needs_credentials' : 'registry_credentials_refused';
      throw new CutoverError(code, `${reference} is not for everybody`);
    }
    return offered.digest;
  }

  async pull(request: PullRequest, onLine: (line: string) => void, signal: AbortSignal): Promise<ImageInfo> {
    const { images, registries } = this.#reach(signal);
    const name = nameOf(request.owner);
    const known = images.find(name);
    if (known !== null) return info(known);
    const offered = registries.at(request.digest);
    if (offered === null) throw new CutoverError('image_not_found', `${request.reference}: there is none`);
    images.add(offered.image, null);
    onLine('Pull complete');
    await nextStep(this.#caller);
    images.add(offered.image, name);
    return info(offered.image);
  }

  async load({ path, owner }: LoadRequest, onLine: (line: string) => void, signal: AbortSignal): Promise<ImageInfo> {
    const { images, uploads, imageIn } = this.#reach(signal);
    const name = nameOf(owner);
    const known = images.find(name);
    if (known !== null) return info(known);
    const image = imageIn(uploads.read(path) ?? Buffer.alloc(0));
    if (image === null) throw new CutoverError('image_tarball_invalid', 'the image tarball is refused');
    onLine('one image');
    await nextStep(this.#caller);
    images.add(image, name);
    return info(image);
  }

  async forget(owner: ImageOwner, source: ForgottenImage | null, signal: AbortSignal): Promise<void> {
    const { images, registries } = this.#reach(signal);
    const named = images.find(nameOf(owner));
    images.untag(nameOf(owner));
    const image = named ?? (source === null ? null : (registries.at(source.digest)?.image ?? null));
    if (image === null || images.tagsOf(image.imageId).length > 0) return;
    if (!this.#machine.containers.uses(image.imageId)) images.remove(image.imageId);
  }

  #reach(signal: AbortSignal): Machine {
    return reach(this.#machine, this.#caller, signal);
  }
}

function nameOf(owner: ImageOwner): string {
  return receivedImageName('memory', owner);
}

function info({ imageId, sizeBytes, exposedPorts }: Image): ImageInfo {
  return { imageId, sizeBytes, exposedPorts };
}
