/** What is kept, and how much of it. Sizes in bytes. */
export interface RetentionSettings {
  /** Completed deployments of an environment, beside what serves, whose artifacts are never removed (rule 5.7). */
  readonly rollbackTargets: number;
  /** What all artifacts that nothing asks to be kept may take together. */
  readonly budgetBytes: number;
  /** Days after the end of a deployment for which its logs are kept. */
  readonly logDays: number;
  /** The same for its timeline, its journal and its measurements. */
  readonly historyDays: number;
  /** The newest deployments of an environment, whose logs and history are kept whatever their age. */
  readonly keepNewest: number;
  /**
   * No build begins with less than this free on a disk that it fills; 0: that is not looked at; null: 1 GiB, or a twentieth of the disk where
   * that is less.
   */
  readonly minFreeBytes: number | null;
  /** What the layers and caches of earlier builds may take, of everything that is built on the machine. */
  readonly buildCacheBytes: number;
}

export const defaultRetentionSettings: RetentionSettings = {
  rollbackTargets: 10,
  budgetBytes: 10_000_000_000,
  logDays: 30,
  historyDays: 365,
  keepNewest: 10,
  minFreeBytes: null,
  buildCacheBytes: 10_000_000_000,
};

const limits: Readonly<Record<keyof RetentionSettings, readonly [min: number, max: number]>> = {
  rollbackTargets: [1, 1_000],
  budgetBytes: [0, 1e15],
  logDays: [1, 36_500],
  historyDays: [1, 36_500],
  keepNewest: [0, 1_000],
  minFreeBytes: [0, 1e15],
  buildCacheBytes: [0, 1e15],
};

/** The first thing that is wrong, as "<name> must be …"; null when they are fine. */
export function retentionSettingsProblem(settings: RetentionSettings): string | null {
  for (const [name, [min, max]] of Object.entries(limits)) {
    const value: unknown = Reflect.get(settings, name);
    const fine = typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max;
    const left = name === 'minFreeBytes' && value === null;
    if (!fine && !left) return `${name} must be a whole number from ${min} to ${max}`;
  }
  return null;
}

const usualFreeBytes = 1_073_741_824;
const usualFreeShare = 0.05;

/** What has to be free on a disk for a build to begin, in bytes. */
export function neededBytes(
  { totalBytes }: { readonly totalBytes: number },
  { minFreeBytes }: Pick<RetentionSettings, 'minFreeBytes'>,
): number {
  return minFreeBytes ?? Math.min(usualFreeBytes, totalBytes * usualFreeShare);
}
