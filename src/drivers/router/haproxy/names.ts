import { isIP } from 'node:net';
import type { RouterServer } from '../../../engine/ports/router.ts';
import { CutoverError } from '../../../domain/errors.ts';
import { routeModes, type HostGuard, type RouteTarget, type SlotNumber } from '../../../domain/route.ts';

/** How slots, servers and routes are called inside HAProxy. What comes from outside is checked here before it reaches a command. */
export function slotName(slot: SlotNumber): string {
  return `slot${String(slot).padStart(4, '0')}`;
}

/** null for a backend that is not a slot. */
export function slotNumber(backend: string): SlotNumber | null {
  const digits = /^slot(\d{4,})$/.exec(backend)?.[1];
  return digits === undefined ? null : Number(digits);
}

const fallbackMark = ':fallback';

/**
 * A server that changes its address or its options becomes another server of HAProxy's: `i1.7` after `i1.3`. That it is a fallback shows in
 * its name, `old:fallback.8`, so that the line of a request that it answered tells it.
 */
export function liveName(server: RouterServer, generation: number): string {
  return `${server.name}${server.kind === 'fallback' ? fallbackMark : ''}.${generation}`;
}

export function nameOf(live: string): string {
  const name = live.slice(0, live.lastIndexOf('.'));
  return name.endsWith(fallbackMark) ? name.slice(0, -fallbackMark.length) : name;
}

export function isFallback(live: string): boolean {
  return live.includes(`${fallbackMark}.`);
}

export function generationOf(live: string): number {
  return Number(live.slice(live.lastIndexOf('.') + 1));
}

/** Stands before the route of a host that asks for a password: it names no slot, so that nobody gets to one by a rule that knows of no guard. */
export const askingMark = 'asks:';

/**
 * Most routes are only the name of a slot. All others, and those of guarded hosts, are `stable:candidate:share:flags`: `-` for no candidate; the flags are the mode
 * (the first letter of it) and `o` for observed. The front end's rules read these.
 */
export function routeValue(target: RouteTarget, guard: HostGuard | null = null): string {
  const { stable, candidate, share, mode, observed } = target;
  if (candidate === null && mode === 'serve' && !observed && guard === null) return slotName(stable);
  const other = candidate === null ? '-' : slotName(candidate);
  const mark = guard === null || guard.password === null ? '' : askingMark;
  return `${mark}${slotName(stable)}:${other}:${share}:${mode.charAt(0)}${observed ? 'o' : ''}`;
}

/** Whether the front end's rules have to read the route: it is more than the name of a slot. */
export function isSpecial(value: string | null): boolean {
  return value?.includes(':') === true;
}

/** null for a value that is not ours. */
export function parseRouteValue(value: string): RouteTarget | null {
  const route = value.startsWith(askingMark) ? value.slice(askingMark.length) : value;
  const [stableName = '', candidate = '-', share = '0', flags = 's'] = route.split(':');
  const stable = slotNumber(stableName);
  const mode = routeModes.find((one) => flags.startsWith(one.charAt(0)));
  if (stable === null || mode === undefined) return null;
  return { stable, candidate: slotNumber(candidate), share: Number(share), mode, observed: flags.endsWith('o') };
}

/** `n` or `-` for what search engines are told, then `:<salt>:<digest>` where a password is asked for. The front end's rules read these. */
export function guardValue({ noindex, password }: HostGuard): string {
  return `${noindex ? 'n' : '-'}${password === null ? '' : `:${password}`}`;
}

export function parseGuardValue(value: string): HostGuard {
  const [noindex, ...password] = value.split(':');
  return { noindex: noindex === 'n', password: password.length === 0 ? null : password.join(':') };
}

export function checkGuard({ password }: HostGuard): void {
  if (password !== null && !/^[0-9a-f]{32}:[0-9a-f]{64}$/.test(password))
    throw new CutoverError('invalid_input', 'that is no salted digest of a password');
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
