import { createHash } from 'node:crypto';
import type { PythonPackages } from './python-packages.ts';

/** The base images that can be assembled without a registry. */
export type BaseImageName = 'static' | 'run' | 'node' | 'python';

/** What goes into one base image; the same recipe is not built twice. */
export interface ImageRecipe {
  /** `cutover/base-node:24` */
  readonly reference: string;
  /** Public names that are pointed at the image where nothing else has them, so that `FROM node:24-slim` needs no registry. */
  readonly aliases: readonly string[];
  readonly debianPackages: readonly string[];
  /** null: without Node. */
  readonly nodeMajor: number | null;
  /** "3.11"; left out: without Python. */
  readonly pythonVersion?: string;
  readonly command: readonly string[];
}

/** Raised whenever the same recipe leads to another image. */
const recipeVersion = 1;

const staticPackages = ['busybox-static', 'tzdata', 'netbase'] as const;
/** What the official Node binaries and most compiled languages link against. */
const runPackages = [...staticPackages, 'libc6', 'libgcc-s1', 'libstdc++6', 'libatomic1'] as const;

/** `python` has to be there where an image of Python is wanted. */
export function recipesFor(
  which: readonly BaseImageName[],
  nodeMajors: readonly number[],
  python: PythonPackages | null = null,
): readonly ImageRecipe[] {
  return which.flatMap((name) => {
    if (name === 'node') return nodeMajors.map(nodeRecipe);
    if (name === 'python') return python === null ? [] : [pythonRecipe(python)];
    return [plainRecipe(name)];
  });
}

function pythonRecipe({ version, debianPackages }: PythonPackages): ImageRecipe {
  return {
    reference: `cutover/base-python:${version}`,
    aliases: [`python:${version}-slim`, `python:${version}`],
    debianPackages: [...new Set([...runPackages, ...debianPackages])],
    nodeMajor: null,
    pythonVersion: version,
    command: ['python3'],
  };
}

function plainRecipe(name: 'static' | 'run'): ImageRecipe {
  return {
    reference: `cutover/base-${name}:latest`,
    aliases: [],
    debianPackages: name === 'static' ? staticPackages : runPackages,
    nodeMajor: null,
    command: ['sh'],
  };
}

function nodeRecipe(major: number): ImageRecipe {
  return {
    reference: `cutover/base-node:${major}`,
    aliases: [`node:${major}-slim`, `node:${major}`],
    debianPackages: runPackages,
    nodeMajor: major,
    command: ['node'],
  };
}

/** What the machine adds to a recipe: other values, other image. */
export interface MachineInputs {
  readonly architecture: Architecture;
  /** The host's `/etc/os-release`: its packages are what the image is made of. */
  readonly osRelease: string;
  /** Certificates the image trusts, PEM; null when the machine has no bundle. */
  readonly certificates: Buffer | null;
}

export type Architecture = 'amd64' | 'arm64';

/** 64 hex digits, kept as an image label. */
export function recipeHash(recipe: ImageRecipe, machine: MachineInputs): string {
  const hash = createHash('sha256');
  hash.update(JSON.stringify([recipeVersion, recipe, machine.architecture, machine.osRelease]));
  hash.update(machine.certificates ?? '');
  return hash.digest('hex');
}
