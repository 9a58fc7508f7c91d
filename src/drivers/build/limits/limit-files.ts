import { join } from 'node:path';

/** What builds may use together. */
export interface BuildAllowance {
  /** As Docker counts it: a container that says nothing has 1024. */
  readonly cpuShares: number;
  readonly memoryBytes: number;
  readonly processes: number;
}

/** How the control groups of this machine are kept, by what Docker Engine says of itself. */
export interface CgroupLayout {
  readonly version: 1 | 2;
  readonly driver: 'cgroupfs' | 'systemd';
}

export interface LimitFile {
  readonly path: string;
  readonly value: string;
}

/** Of Docker Engine where nothing else is set; BuildKit puts each step into a group of its own below. */
const group = join('docker', 'buildkit');

/** The group of all builds, in every hierarchy; none where each step stands beside other things. */
export function groupFiles(root: string, layout: CgroupLayout, allowance: BuildAllowance): readonly LimitFile[] {
  if (layout.version === 2) return layout.driver === 'systemd' ? [] : stepFiles(join(root, group), allowance);
  return [
    { path: join(root, 'cpu', group, 'cpu.shares'), value: String(allowance.cpuShares) },
    { path: join(root, 'memory', group, 'memory.limit_in_bytes'), value: String(allowance.memoryBytes) },
    { path: join(root, 'pids', group, 'pids.max'), value: String(allowance.processes) },
  ];
}

/** Of a group of version 2. */
export function stepFiles(directory: string, allowance: BuildAllowance): readonly LimitFile[] {
  return [
    { path: join(directory, 'cpu.weight'), value: String(weightOf(allowance.cpuShares)) },
    { path: join(directory, 'memory.max'), value: String(allowance.memoryBytes) },
    { path: join(directory, 'pids.max'), value: String(allowance.processes) },
  ];
}

/** Where groups of single steps turn up; null where the group of all of them is enough. */
export function stepDirectory(root: string, { version, driver }: CgroupLayout): string | null {
  return version === 2 && driver === 'systemd' ? join(root, 'system.slice') : null;
}

export function isStepName(name: string): boolean {
  return name.startsWith('system.slice:docker:');
}

/** The file that tells how often builds wanted more memory than they may have; null where there is none for all of them. */
export function shortageFile(root: string, { version, driver }: CgroupLayout): string | null {
  if (version === 1) return join(root, 'memory', group, 'memory.failcnt');
  return driver === 'systemd' ? null : join(root, group, 'memory.events');
}

/** The number in such a file, or in the kernel's own `vmstat`, which counts everything that was killed for memory on the machine. */
export function shortages(content: string): number {
  return Number(/^oom_kill (\d+)$/m.exec(content)?.[1] ?? /^\d+/.exec(content)?.[0] ?? 0);
}

/** A container that says nothing has 100 of version 2, where it has 1024 shares. */
function weightOf(shares: number): number {
  return Math.max(1, Math.round((shares / 1024) * 100));
}
