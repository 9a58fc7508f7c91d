import { setTimeout as sleep } from 'node:timers/promises';
import type { SlotNumber } from '../../../domain/route.ts';
import { unavailable } from './cli-socket.ts';
import { slotName } from './names.ts';
import { closeOldest } from './sessions.ts';
import type { Worker } from './workers.ts';

const deletionLimitMs = 2_000;
const pollMs = 10;

interface Purged {
  readonly slot: SlotNumber;
  /** Of one name; null: of any. */
  readonly name: string | null;
  /** By the name that a server has in HAProxy. */
  readonly which: (live: string) => boolean;
  readonly force: boolean;
}

/**
 * Deletes servers of the slot in this worker. HAProxy refuses to delete one that has connections: with `force` those are closed, without
 * it the server is left to finish, out of rotation. An old worker deletes none, and nobody comes to them any more. Errors:
 * `router_unavailable` where `force` did not help in time.
 */
export async function purge(worker: Worker, of: Purged, signal: AbortSignal): Promise<void> {
  if (worker.old) {
    if (of.force) await closeOldest(worker, { slot: of.slot, server: of.name }, Infinity, signal);
    return;
  }
  const backend = slotName(of.slot);
  for (const name of (await liveServers(worker, of.slot, signal)).filter(of.which)) {
    await worker.query([`set server ${backend}/${name} state maint`], signal);
    await deleteServer(worker, `${backend}/${name}`, of.force, signal);
  }
}

async function deleteServer(worker: Worker, target: string, force: boolean, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + deletionLimitMs;
  for (;;) {
    if (force) await worker.query([`shutdown sessions server ${target}`], signal);
    const [said = ''] = await worker.query([`del server ${target}`], signal);
    if (said === '' || /deleted|not found|no such/i.test(said) || !force) return;
    if (performance.now() > deadline) throw unavailable(`HAProxy refused to delete ${target}: ${said}`);
    await sleep(pollMs, undefined, { signal });
  }
}

async function liveServers(worker: Worker, slot: SlotNumber, signal: AbortSignal): Promise<string[]> {
  const [text = ''] = await worker.query([`show servers conn ${slotName(slot)}`], signal);
  if (!text.startsWith('#')) return [];
  return text
    .split('\n')
    .slice(1)
    .map((line) => (line.split(' ')[0] ?? '').split('/')[1] ?? '')
    .filter((name) => name !== '');
}
