import { readdir, readFile } from 'node:fs/promises';

/** What a set of processes uses. */
export interface Usage {
  /** Proportional set size in MB (10⁶ bytes): shared pages are divided among those that share them. */
  readonly pssMb: number;
  /** CPU seconds since each began, with those of children that have ended. */
  readonly cpuSeconds: number;
}

const ticksPerSecond = 100;

/** The processes and all their descendants; some may end while they are read. */
export async function usageOf(pids: readonly number[]): Promise<Usage> {
  const all = await withDescendants(pids);
  const usages = await Promise.all([...all].map(usageOfOne));
  return {
    pssMb: usages.reduce((sum, one) => sum + one.pssMb, 0),
    cpuSeconds: usages.reduce((sum, one) => sum + one.cpuSeconds, 0),
  };
}

async function withDescendants(pids: readonly number[]): Promise<Set<number>> {
  const numbers = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const parents = new Map(await Promise.all(numbers.map(async (pid) => [pid, (await statOf(pid))?.parent] as const)));
  const wanted = new Set(pids);
  for (let before = -1; before !== wanted.size;) {
    before = wanted.size;
    for (const [pid, parent] of parents) if (parent !== undefined && wanted.has(parent)) wanted.add(pid);
  }
  return wanted;
}

async function usageOfOne(pid: number): Promise<Usage> {
  const [rollup, stat] = [await readProc(`/proc/${pid}/smaps_rollup`), await statOf(pid)];
  const pssKb = Number(/^Pss:\s+(\d+) kB/m.exec(rollup ?? '')?.[1] ?? 0);
  return { pssMb: (pssKb * 1024) / 1e6, cpuSeconds: stat?.cpuSeconds ?? 0 };
}

async function statOf(pid: number): Promise<{ readonly parent: number; readonly cpuSeconds: number } | null> {
  const stat = await readProc(`/proc/${pid}/stat`);
  if (stat === null) return null;
  // After the name, which may hold spaces: state, ppid, …; utime, stime, cutime and cstime are 11 to 14.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  return { parent: Number(fields[1]), cpuSeconds: ticks / ticksPerSecond };
}

/** null when the process has ended. */
async function readProc(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ESRCH') return null;
    throw error;
  }
}
