import { createHash } from 'node:crypto';
import { pinned, type DeploymentSource } from '../../src/domain/source.ts';
import { appThat, behaves, type App } from './memory/app-behaviour.ts';
import { appFiles, type AppFiles, builds, type BuildBehaviour } from './memory/build/app-files.ts';
import { packTar } from './memory/build/tar.ts';
import type { Image } from './memory/runtime/images.ts';
import type { MemoryWorld } from './memory/world.ts';
import type { Behaviour, Way } from './program.ts';

const startMs = 12;
/** After the gate, and before most deployments have come to their end. */
const crashMs = 6_000;
/** Whatever it is told, it tells everybody. */
const firstWords = [{ atMs: 0, stream: 'stderr', text: 'begins, with NAME=$NAME' }] as const;
const oneOff = behaves({ listensAfterMs: null, exits: { afterMs: 200, exitCode: 0 } });
const worker = behaves({ listensAfterMs: null, ending: { afterMs: 50, exitCode: 0 } });

const apps: Readonly<Record<Behaviour, App>> = {
  good: app({ listensAfterMs: startMs }),
  slow: app({ listensAfterMs: 2_500 }),
  exits: app({ listensAfterMs: null, exits: { afterMs: startMs, exitCode: 1 } }),
  unhealthy: app({ listensAfterMs: startMs, answers: [{ forMs: Infinity, status: 503, body: 'no, for $NAME' }] }),
  'crash-loop': app({ listensAfterMs: startMs, exits: { afterMs: crashMs, exitCode: 1 } }),
  errors: app({ listensAfterMs: startMs, answers: [{ forMs: Infinity, status: 200, errorRate: 0.9 }] }),
  'build-fails': app({}),
};

function app(change: Parameters<typeof behaves>[0]): App {
  return appThat(behaves({ ending: { afterMs: 50, exitCode: 0 }, prints: firstWords, ...change }), {
    release: oneOff,
    worker,
  });
}

function buildOf(behaviour: Behaviour): BuildBehaviour {
  if (behaviour !== 'build-fails') return builds({ ms: 400 });
  return builds({ ms: 200, failure: { code: 'build_failed', message: 'step 2 exited with code 1' } });
}

export function repositoryOf(project: number): string {
  return `https://git.example.test/p${project}.git`;
}

/** What somebody hands to the platform. */
export type Offer =
  | { readonly way: 'git'; readonly commit: string }
  | { readonly way: 'image'; readonly reference: string }
  | { readonly way: 'tarball' | 'bundle' | 'directory'; readonly bytes: Buffer };

/** What the people of a history have made, and where it can be had. */
export class Offers {
  readonly #world: MemoryWorld;
  /** By commit, reference or content. */
  readonly #behaviours = new Map<string, Behaviour>();
  readonly #inTarballs = new Map<string, Image>();
  readonly #inDirectories = new Map<string, AppFiles>();
  #count = 0;

  constructor(world: MemoryWorld) {
    this.#world = world;
    world.appIn = (archive) => this.#inDirectories.get(sha256(archive)) ?? null;
    world.imageIn = (tarball) => this.#inTarballs.get(sha256(tarball)) ?? null;
  }

  /** Two in a row may be of the same content. What cannot be built cannot be found, or is none, where nothing is built. */
  make(project: number, { way, behaviour }: { readonly way: Way; readonly behaviour: Behaviour }): Offer {
    this.#count += 1;
    const name = `${behaviour}-${this.#count >> 1}`;
    switch (way) {
      case 'git':
        return this.#push(project, name, behaviour);
      case 'image':
        return this.#publish(name, behaviour);
      case 'tarball':
        return this.#save(name, behaviour);
      case 'bundle':
        return this.#pack(name, behaviour);
      case 'directory':
        return this.#packApp(name, behaviour);
    }
  }

  /** null: it is not theirs. */
  behaviourOf(source: DeploymentSource): Behaviour | null {
    return this.#behaviours.get(keyOf(pinned(source))) ?? null;
  }

  #push(project: number, name: string, behaviour: Behaviour): Offer {
    const files = appOf(name, behaviour);
    const { sha } = this.#world.repositories.at(repositoryOf(project)).push('main', { apps: { '': files } });
    this.#behaviours.set(sha, behaviour);
    return { way: 'git', commit: sha };
  }

  #publish(name: string, behaviour: Behaviour): Offer {
    const reference = `registry.example.test/${name}:1`;
    this.#behaviours.set(reference, behaviour);
    if (behaviour !== 'build-fails') {
      const digest = `sha256:${sha256(Buffer.from(`manifest ${name}`))}`;
      this.#world.registries.push(reference, { digest, image: imageOf(name, behaviour), password: null });
    }
    return { way: 'image', reference };
  }

  #save(name: string, behaviour: Behaviour): Offer {
    const bytes = Buffer.from(`tarball ${name}`);
    const content = sha256(bytes);
    this.#behaviours.set(content, behaviour);
    if (behaviour !== 'build-fails') this.#inTarballs.set(content, imageOf(name, behaviour));
    return { way: 'tarball', bytes };
  }

  #packApp(name: string, behaviour: Behaviour): Offer {
    const bytes = packTar(new Map([['app', name]]));
    const content = sha256(bytes);
    this.#behaviours.set(content, behaviour);
    this.#inDirectories.set(content, appOf(name, behaviour));
    return { way: 'directory', bytes };
  }

  /** There is no app in it that could misbehave. */
  #pack(name: string, behaviour: Behaviour): Offer {
    const bytes = packTar(new Map(behaviour === 'build-fails' ? [] : [['index.html', name]]));
    this.#behaviours.set(sha256(bytes), behaviour === 'build-fails' ? behaviour : 'good');
    return { way: 'bundle', bytes };
  }
}

function keyOf(source: DeploymentSource): string {
  switch (source.kind) {
    case 'git':
      return source.requestedCommit ?? '';
    case 'image':
      return source.reference;
    case 'image-upload':
    case 'bundle':
    case 'directory':
      return source.upload.sha256;
  }
}

function appOf(name: string, behaviour: Behaviour): AppFiles {
  return appFiles(name, { app: apps[behaviour], build: buildOf(behaviour) });
}

function imageOf(name: string, behaviour: Behaviour): Image {
  const imageId = `sha256:${sha256(Buffer.from(`image ${name}`))}`;
  return { imageId, sizeBytes: 1_000, exposedPorts: [3000], labels: {}, app: apps[behaviour], files: new Map() };
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
