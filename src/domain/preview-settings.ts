/** What previews of a project are given (rule 6). Durations in milliseconds. */
export interface PreviewSettings {
  /** Pull requests get one by themselves. */
  readonly pullRequests: boolean;
  /** Branches that no environment deploys get one by themselves. */
  readonly branches: boolean;
  /** How many there may be at once in the project. */
  readonly limit: number;
  /** After the last push; null: they do not end by themselves. */
  readonly ttlMs: number | null;
  /** Without a request for so long they are put to sleep, until the next one; null: they are not. */
  readonly sleepAfterMs: number | null;
  /** So many of the newest deployments of each have a URL of their own. */
  readonly deploymentUrls: number;
  /** Search engines are told not to list them. */
  readonly noindex: boolean;
  readonly replicas: number;
  /** Per instance, in cores. */
  readonly cpuCores: number;
  /** Per instance, in MiB. */
  readonly memoryMb: number;
}

export const defaultPreviewSettings: PreviewSettings = {
  pullRequests: false,
  branches: false,
  limit: 20,
  ttlMs: 604_800_000,
  sleepAfterMs: 1_800_000,
  deploymentUrls: 0,
  noindex: true,
  replicas: 1,
  cpuCores: 1,
  memoryMb: 512,
};

const ranges = {
  limit: [0, 1_000],
  ttlMs: [60_000, 31_536_000_000],
  sleepAfterMs: [1_000, 31_536_000_000],
  deploymentUrls: [0, 20],
  replicas: [1, 32],
  cpuCores: [0.05, 64],
  memoryMb: [16, 1_048_576],
} as const;

/** The first thing that is wrong, as "<name> must be …"; null when they are fine. */
export function previewSettingsProblem(settings: PreviewSettings): string | null {
  for (const name of ['pullRequests', 'branches', 'noindex'] as const)
    if (typeof settings[name] !== 'boolean') return `${name} must be true or false`;
  for (const name of [
    'limit',
    'ttlMs',
    'sleepAfterMs',
    'deploymentUrls',
    'replicas',
    'cpuCores',
    'memoryMb',
  ] as const) {
    const value = settings[name];
    const [min, max] = ranges[name];
    const whole = name !== 'cpuCores';
    if (value === null && (name === 'ttlMs' || name === 'sleepAfterMs')) continue;
    if (typeof value !== 'number' || value < min || value > max || (whole && !Number.isInteger(value)))
      return `${name} must be a ${whole ? 'whole ' : ''}number from ${min} to ${max}`;
  }
  return null;
}
