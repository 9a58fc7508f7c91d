import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  groupFiles,
  isStepName,
  shortageFile,
  shortages,
  stepDirectory,
  stepFiles,
  type BuildAllowance,
  type CgroupLayout,
  type LimitFile,
} from './limit-files.ts';

export interface BuildLimitsOptions {
  readonly allowance: BuildAllowance;
  /** How Docker Engine keeps control groups; asked whenever a build begins. */
  readonly layout: (signal: AbortSignal) => Promise<CgroupLayout>;
  /** Where the control groups are. */
  readonly root?: string;
  /** Told once for each reason why builds have no limits. */
  readonly onObstacle: (reason: string) => void;
}

/**
 * Weight, memory and processes of all builds together. The engine takes no such limits with a build, but puts every step below a group of
 * its own: what that group is given counts for all of them, so that builds cannot starve what serves (rule 3.4).
 */
export interface BuildLimits {
  /** In force until disposed. Where they cannot be set the build goes on without; the reason is told. */
  enforce(signal: AbortSignal): Promise<EnforcedLimits>;
  /** Why limits could not be set now; null: they are. */
  obstacle(signal: AbortSignal): Promise<string | null>;
}

export interface EnforcedLimits extends AsyncDisposable {
  /** Whether a build has wanted more memory than there is for builds since; null: nobody knows. */
  wasShortOfMemory(): Promise<boolean | null>;
}

/** Steps are short: one that is not found within this time has done little. */
const watchIntervalMs = 200;

export function createBuildLimits(options: BuildLimitsOptions): BuildLimits {
  const { root = '/sys/fs/cgroup', allowance, layout, onObstacle } = options;
  const told = new Set<string>();
  const set = async (signal: AbortSignal): Promise<string | null> => {
    try {
      const kept = await layout(signal);
      for (const file of groupFiles(root, kept, allowance)) await setLimit(file);
      const steps = stepDirectory(root, kept);
      if (steps !== null) await limitSteps(steps, allowance, new Set());
      return null;
    } catch (error) {
      signal.throwIfAborted();
      return error instanceof Error ? error.message : String(error);
    }
  };
  return {
    obstacle: set,
    async enforce(signal) {
      const obstacle = await set(signal);
      if (obstacle !== null && !told.has(obstacle)) onObstacle(obstacle);
      if (obstacle !== null) {
        told.add(obstacle);
        return unlimited;
      }
      return enforced({ ...options, root }, await layout(signal));
    },
  };
}

/** Builds as Docker Engine runs them by itself. */
export const noBuildLimits: BuildLimits = { enforce: async () => unlimited, obstacle: async () => null };

const unlimited: EnforcedLimits = {
  wasShortOfMemory: async () => null,
  [Symbol.asyncDispose]: async () => undefined,
};

async function enforced(
  { root, allowance, onObstacle }: BuildLimitsOptions & { readonly root: string },
  layout: CgroupLayout,
): Promise<EnforcedLimits> {
  const before = await countShortages(root, layout);
  const steps = stepDirectory(root, layout);
  const watch = steps === null ? null : watchSteps(steps, allowance, onObstacle);
  return {
    async wasShortOfMemory() {
      return (await countShortages(root, layout)) > before;
    },
    async [Symbol.asyncDispose]() {
      await watch?.end();
    },
  };
}

async function setLimit({ path, value }: LimitFile): Promise<void> {
  // The group is made with the first step of a build, and that must find its limits.
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, value);
}

/** Of builds, and of the machine, which may run out of memory before they have all of theirs. */
async function countShortages(root: string, layout: CgroupLayout): Promise<number> {
  const files = [shortageFile(root, layout), '/proc/vmstat'].filter((file) => file !== null);
  const contents = await Promise.all(files.map((file) => unlessGone(readFile(file, 'utf8'))));
  return contents.reduce((sum, content) => sum + shortages(content ?? ''), 0);
}

function watchSteps(
  directory: string,
  allowance: BuildAllowance,
  onObstacle: (reason: string) => void,
): { end(): Promise<void> } {
  const known = new Set<string>();
  let looking: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    looking = looking
      .then(() => limitSteps(directory, allowance, known))
      .catch((error: unknown) => onObstacle(String(error)));
  }, watchIntervalMs);
  return {
    async end() {
      clearInterval(timer);
      await looking;
    },
  };
}

/** A step may be over before its group has its limits. */
async function limitSteps(directory: string, allowance: BuildAllowance, known: Set<string>): Promise<void> {
  const names = (await unlessGone(readdir(directory))) ?? [];
  for (const name of names.filter((one) => isStepName(one) && !known.has(one))) {
    known.add(name);
    for (const { path, value } of stepFiles(join(directory, name), allowance)) await unlessGone(writeFile(path, value));
  }
}

async function unlessGone<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null;
    if (code === 'ENOENT' || code === 'ENODEV') return null;
    throw error;
  }
}
