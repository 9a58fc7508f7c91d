import { isIP } from 'node:net';
import type { RouterServer } from '../../../engine/ports/router.ts';
import { CutoverError } from '../../../domain/errors.ts';
import type { RouteTarget, SlotNumber } from '../../../domain/route.ts';

/** How slots, servers and routes are called inside HAProxy. What comes from outside is checked here before it reaches a command. */
export function slotName(slot: SlotNumber): string {
  return `slot${String(slot).padStart(4, '0')}`;
}

/** null for a backend that is not a slot. */
export function slotNumber(backend: string): SlotNumber | null {
  const digits = /^slot(\d{4,})$/.exec(backend)?.[1];
  return digits === undefined ? null : Number(digits);
}

/** A server that changes its address or its options becomes another server of HAProxy's: `i1.7` after `i1.3`. */
export function liveName(name: string, generation: number): string {
  return `${name}.${generation}`;
}

export function nameOf(live: string): string {
  return live.slice(0, live.lastIndexOf('.'));
}

export function generationOf(live: string): number {
  return Number(live.slice(live.lastIndexOf('.') + 1));
}

export function routeValue(target: RouteTarget): string {
  if (target.candidate === null) return slotName(target.stable);
  return `${slotName(target.stable)}:${slotName(target.candidate)}:${target.share}`;
}

/** null for a value that is not ours. */
export function parseRouteValue(value: string): RouteTarget | null {
  const [stable = '', candidate, share] = value.split(':');
  const stableSlot = slotNumber(stable);
  if (stableSlot === null) return null;
  if (candidate === undefined) return { stable: stableSlot, candidate: null, share: 0 };
  return { stable: stableSlot, candidate: slotNumber(candidate), share: Number(share) };
}

export function bundleValue(bundle: string, spa: boolean): string {
  return `${bundle}:${spa ? 1 : 0}`;
}

export function checkedHost(host: string): string {
  const lower = host.toLowerCase();
  if (!/^[a-z0-9._-]{1,253}$/.test(lower)) throw new CutoverError('invalid_input', `"${host}" is not a host name`);
  return lower;
}

export function checkServer(server: RouterServer): void {
  if (!/^[a-z][a-z0-9-]{0,31}$/.test(server.name)) {
    throw new CutoverError('invalid_input', `"${server.name}" is not a server name`);
  }
  if (server.kind === 'static') {
    if (!/^[0-9a-f]{64}$/.test(server.bundle))
      throw new CutoverError('invalid_input', `"${server.bundle}" is not a bundle`);
    return;
  }
  if (isIP(server.address) === 0) throw new CutoverError('invalid_input', `"${server.address}" is not an IP address`);
  if (!Number.isInteger(server.port) || server.port < 1 || server.port > 65_535) {
    throw new CutoverError('invalid_input', `${server.port} is not a port`);
  }
}
