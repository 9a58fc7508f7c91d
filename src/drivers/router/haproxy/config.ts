import type { SlotNumber } from '../../../domain/route.ts';
import { awaitedRing, longestAwaited } from './awaited-line.ts';
import { renderDoor } from './door.ts';
import { renderFrontEnd } from './front-end.ts';
import { bundleValue, guardValue, isSpecial, liveName, routeValue, slotName } from './names.ts';
import type { HaproxyRouterOptions, RouterPaths } from './options.ts';
import { longestLine, ringName } from './outcome-line.ts';
import { pagePath, pageStatuses } from './pages.ts';
import type { RouterModel, SlotRecord } from './router-model.ts';
import { serverAddress, serverOptions } from './server-options.ts';

export const serverTimeoutSeconds = 60;

/** At 2,000 requests a second, ten seconds in which nobody reads. */
const ringBytes = 4_194_304;
/** What is missed is told again. */
const awaitedBytes = 65_536;

/** The whole configuration, with every server as a static line, so that a restart comes up with them. */
export function renderConfig(
  model: RouterModel,
  options: HaproxyRouterOptions,
  paths: RouterPaths,
  lua: boolean,
): string {
  const slots: string[] = [];
  for (let slot = 1; slot <= model.capacity; slot += 1) slots.push(renderSlot(slot, model.servers(slot), options));
  return [
    renderGlobal(options, paths, lua),
    `ring ${ringName}\n  format raw\n  maxlen ${longestLine}\n  size ${ringBytes}\n`,
    ...(lua ? [`ring ${awaitedRing}\n  format raw\n  maxlen ${longestAwaited}\n  size ${awaitedBytes}\n`] : []),
    renderDefaults(paths),
    renderFrontEnd(options, paths, lua),
    renderDoor(options.door),
    `backend successor from front\n  server successor unix@${paths.successorSocket} send-proxy-v2\n`,
    ...slots,
    '',
  ].join('\n');
}

function renderGlobal(options: HaproxyRouterOptions, paths: RouterPaths, lua: boolean): string {
  const threads = options.threads === undefined ? '' : `  nbthread ${options.threads}\n`;
  const script = lua
    ? `  lua-load-per-thread ${quoted(paths.holdScript)}\n  log ring@${awaitedRing} len ${longestAwaited} format raw local0\n`
    : '';
  return `global
  fd-hard-limit ${options.maxDescriptors ?? 50_000}
${threads}${script}  stats socket ${quoted(paths.socket)} mode 600 level admin expose-fd listeners
  stats maxconn 20
  hard-stop-after 1h
`;
}

/** `front` and `slot` are apart because only backends may have the rules of a slot. */
function renderDefaults(paths: RouterPaths): string {
  const pages = pageStatuses.map((status) => `  errorfile ${status} ${quoted(pagePath(paths, String(status)))}`);
  const common = `  mode http
  timeout connect 1s
  timeout client 60s
  timeout server ${serverTimeoutSeconds}s
  timeout http-request 10s
  timeout http-keep-alive 60s
  timeout tunnel 1h
  option idle-close-on-response
  option http-ignore-probes
${pages.join('\n')}
`;
  return `defaults front
${common}  option forwardfor

defaults slot
${common}  balance roundrobin
  http-reuse safe
  # A single instance is tried again every second; with several another one is taken at once.
  retries 12
  option redispatch 1
  option allbackups
  retry-on conn-failure empty-response
  http-request disable-l7-retry if !{ method GET HEAD OPTIONS PUT DELETE }
  http-request allow if !{ be_name,map_str(${paths.bundlesMap}) -m found }
  http-request set-header X-Cutover-Bundle %[be_name,map_str(${paths.bundlesMap}),field(1,:)]
  http-request set-header X-Cutover-Spa %[be_name,map_str(${paths.bundlesMap}),field(2,:)]
`;
}

function renderSlot(slot: SlotNumber, servers: SlotRecord, options: HaproxyRouterOptions): string {
  const lines = servers.map(({ server, generation, draining }) => {
    const address = serverAddress(server, options.staticEndpoint);
    const out = draining ? ' disabled' : '';
    return `  server ${liveName(server, generation)} ${address} ${serverOptions(server)}${out}`;
  });
  return [`backend ${slotName(slot)} from slot`, ...lines].join('\n');
}

export function renderHostsMap(model: RouterModel): string {
  return [...model.routes].map(([host, target]) => `${host} ${routeValue(target, model.guards.get(host))}\n`).join('');
}

export function renderGuardsMap(model: RouterModel): string {
  return [...model.guards].map(([host, guard]) => `${host} ${guardValue(guard)}\n`).join('');
}

/** Names every host that has a special route in one of these maps of hosts. */
export function renderSpecialMap(...hostsMaps: readonly string[]): string {
  const entries = hostsMaps.flatMap((map) => map.split('\n')).map((line) => line.split(' '));
  const hosts = entries.flatMap(([host, value]) => (host !== undefined && isSpecial(value ?? null) ? [host] : []));
  return [...new Set(hosts)].map((host) => `${host} 1\n`).join('');
}

export function renderBundlesMap(model: RouterModel): string {
  return [...model.slots].map(([slot, record]) => bundleLine(slot, record)).join('');
}

function bundleLine(slot: SlotNumber, record: SlotRecord): string {
  const value = slotBundle(record);
  return value === null ? '' : `${slotName(slot)} ${value}\n`;
}

/** What the map of bundles says about a slot; null for one that runs instances. */
export function slotBundle(record: SlotRecord): string | null {
  for (const { server } of record) if (server.kind === 'static') return bundleValue(server.bundle, server.spa);
  return null;
}

function quoted(path: string): string {
  return `'${path.replaceAll("'", String.raw`'\''`)}'`;
}
