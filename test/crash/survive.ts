import { setTimeout as sleep } from 'node:timers/promises';
import { dataDirectory, readServerState } from '../../src/daemon/data-directory.ts';
import type { Stage } from '../e2e/stage.ts';
import type { CrashControls } from './controls.ts';
import { isAlive } from './processes.ts';
import type { Subject } from './subject.ts';

export interface Scene {
  readonly controls: CrashControls;
  readonly stage: Stage;
  readonly subject: Subject;
}

interface Survived {
  /** Of the deployment. */
  readonly number: number;
  readonly crashes: number;
  /** From the last start of the control plane until the deployment had ended; null where it did not in time. */
  readonly recoveryMs: number | null;
}

export const recoveryLimitMs = 30_000;
/** Somewhat more than the limit, to tell what ends late from what never does. */
const settleLimitMs = 45_000;
/** As long as no point is passed, nothing is being done any more. */
const quietMs = 400;
const pollMs = 25;
const ended = new Set(['completed', 'failed', 'cancelled', 'stopped']);

/** Acts, starts the control plane again each time it dies, and waits until the deployment has ended. `planned`: how often it is to die. */
export async function survive(scene: Scene, act: () => Promise<number>, planned: number): Promise<Survived> {
  const { controls } = scene;
  const acting = act();
  const asked = { number: null as number | null };
  acting.then(
    (number) => (asked.number = number),
    () => undefined,
  );
  let crashes = 0;
  let startedAt = performance.now();
  let endedAt: number | null = null;
  while (performance.now() - startedAt < settleLimitMs) {
    if (planned - controls.left() > crashes) {
      startedAt = performance.now();
      endedAt = null;
      crashes = planned - (await restart(scene));
    } else if (asked.number !== null && (await hasEnded(scene, asked.number))) {
      endedAt ??= performance.now();
      if ((crashes === planned && planned > 0) || (await isQuiet(controls))) break;
    }
    await sleep(pollMs);
  }
  if (controls.left() > 0) controls.arm([]);
  // It may have come to its last point at the very end, where nobody looks whether it lives any more.
  const number = await acting;
  if (!(await isUp(scene))) {
    await restart(scene);
    crashes += 1;
  }
  const tookMs = endedAt === null ? recoveryLimitMs : endedAt - startedAt;
  return { number, crashes, recoveryMs: tookMs < recoveryLimitMs ? tookMs : null };
}

/** It may die again while it starts. Resolves to how many points were to come before the start: it may have died again as soon as it was over. */
async function restart({ stage, controls }: Scene): Promise<number> {
  const { platform } = stage;
  for (;;) {
    const left = controls.left();
    const state = await readServerState(dataDirectory(platform.dataDir));
    await stage.until('the control plane to be gone', async () => (state !== null && isAlive(state.pid) ? null : true));
    try {
      await platform.startControlPlane();
      return left;
    } catch (error) {
      if (controls.left() === left) throw error;
    }
  }
}

async function isUp({ stage: { platform } }: Scene): Promise<boolean> {
  const state = await readServerState(dataDirectory(platform.dataDir));
  return state !== null && isAlive(state.pid);
}

/** Not known while nobody answers. */
async function hasEnded({ subject }: Scene, number: number): Promise<boolean> {
  const detail = await subject.detail(number).catch(() => null);
  return detail !== null && ended.has(detail.deployment.state);
}

async function isQuiet(controls: CrashControls): Promise<boolean> {
  const before = controls.passed().length;
  await sleep(quietMs);
  return controls.passed().length === before;
}
