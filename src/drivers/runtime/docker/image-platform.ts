import type { EngineConnection } from './engine-connection.ts';

/** As Go names them: `linux`, `amd64`. */
export interface ImagePlatform {
  readonly os: string;
  readonly architecture: string;
}

export interface EnginePlatform extends ImagePlatform {
  /** `linux/amd64` */
  readonly name: string;
}

/** Processors that also run what was made for an older one. */
const alsoRuns: Readonly<Record<string, readonly string[]>> = { amd64: ['386'], arm64: ['arm'] };

export async function platformOf(engine: EngineConnection, signal: AbortSignal): Promise<EnginePlatform> {
  const { Os: os, Arch: architecture } = await engine.call(
    { what: 'say what it is', timeoutMs: 15_000 },
    signal,
    (docker) => docker.version(),
  );
  return { os, architecture, name: `${os}/${architecture}` };
}

export function fitsEngine({ os, architecture }: ImagePlatform, engine: EnginePlatform): boolean {
  if (os !== engine.os) return false;
  return architecture === engine.architecture || (alsoRuns[engine.architecture] ?? []).includes(architecture);
}
