import type { ImageInfo } from '../../../../src/engine/ports/runtime.ts';
import type { App } from '../app-behaviour.ts';

/** An image on this machine: what it is, and what runs when it is started. */
export interface Image extends ImageInfo {
  readonly labels: Readonly<Record<string, string>>;
  readonly app: App;
  /** Text by path inside the image, for what is exported. */
  readonly files: ReadonlyMap<string, string>;
}

export class Images {
  readonly #byId = new Map<string, Image>();
  readonly #ids = new Map<string, string>();

  /** The same content twice is one image with two tags. */
  add(image: Image, tag: string | null): void {
    if (!this.#byId.has(image.imageId)) this.#byId.set(image.imageId, image);
    if (tag !== null) this.#ids.set(tag, image.imageId);
  }

  /** By tag or id. */
  find(ref: string): Image | null {
    return this.#byId.get(this.#ids.get(ref) ?? ref) ?? null;
  }

  list(): readonly Image[] {
    return [...this.#byId.values()];
  }

  tagsOf(imageId: string): readonly string[] {
    return [...this.#ids].filter(([, id]) => id === imageId).map(([tag]) => tag);
  }

  untag(tag: string): void {
    this.#ids.delete(tag);
  }

  remove(imageId: string): void {
    this.#byId.delete(imageId);
    for (const tag of this.tagsOf(imageId)) this.#ids.delete(tag);
  }
}
