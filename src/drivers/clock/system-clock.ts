import { readFileSync } from 'node:fs';
import type { MachineClock } from '../../engine/ports/clock.ts';

/** Node's timers fire at once beyond this. */
const longestTimerMs = 2 ** 31 - 1;

/** Linux counts `hrtime` from the start of the machine, for all processes alike. */
const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();

export const systemClock: MachineClock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  uptime: () => ({ boot, ms: Number(process.hrtime.bigint()) / 1e6 }),
  sleep: async (ms, signal) => {
    for (let left = ms; ; left -= longestTimerMs) {
      await sleepOnce(Math.max(0, Math.min(left, longestTimerMs)), signal);
      if (left <= longestTimerMs) return;
    }
  },
};

async function sleepOnce(ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const slept = Promise.withResolvers<void>();
  const abort = () => slept.reject(signal.reason);
  const timer = setTimeout(() => slept.resolve(), ms);
  signal.addEventListener('abort', abort, { once: true });
  try {
    await slept.promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
  }
}
