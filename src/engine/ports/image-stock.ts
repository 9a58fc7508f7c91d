/** The images of this platform, as the engine that keeps them lists them. Error of all: `runtime_unavailable`. */
export interface ImageStock {
  /** Every image that carries this platform's label, or that was pulled or loaded for one of its deployments; never one of another platform. */
  images(signal: AbortSignal): Promise<readonly StockedImage[]>;
  /** What the layers of all images on the machine take together, in bytes, each counted once; null where the engine does not say. */
  layerBytes(signal: AbortSignal): Promise<number | null>;
  /** Where the engine keeps images and containers, as a path on its machine. */
  directory(signal: AbortSignal): Promise<string>;
}

export interface StockedImage {
  /** `sha256:…` */
  readonly imageId: string;
  /** With all its layers, also those it shares with others. */
  readonly sizeBytes: number;
  /** As its label says, which whoever builds FROM it inherits; the newest of those it was received for; null where nothing says it. */
  readonly deploymentId: string | null;
  /** Ids of the deployments that pulled or loaded it. */
  readonly receivedFor: readonly string[];
  readonly tags: readonly string[];
}
