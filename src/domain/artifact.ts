/** What is run: an image by id (content digest) or a static bundle by content hash. */
export type Artifact =
  | {
      readonly type: 'image';
      /** `sha256:…`: never a tag. */
      readonly imageId: string;
      readonly sizeBytes: number;
      /** TCP ports the image exposes, in ascending order. */
      readonly exposedPorts: readonly number[];
    }
  | {
      readonly type: 'bundle';
      /** 64 hex digits: SHA-256 over the sorted paths, modes and contents. */
      readonly bundle: string;
      readonly sizeBytes: number;
      /** Unknown paths are answered with `/index.html` and status 200. */
      readonly spa: boolean;
    };
