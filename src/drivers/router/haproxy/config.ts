import { join } from 'node:path';
import type { SlotNumber } from '../../../domain/route.ts';
import { bundleValue, liveName, routeValue, slotName } from './names.ts';
import type { HaproxyRouterOptions, RouterPaths } from './options.ts';
import { pageStatuses } from './pages.ts';
import type { RouterModel, SlotRecord } from './router-model.ts';
import { serverAddress, serverOptions } from './server-options.ts';

export const laneCookie = 'cutover_lane';

/** The whole configuration, with every server as a static line, so that a restart comes up with them. */
export function renderConfig(model: RouterModel, options: HaproxyRouterOptions, paths: RouterPaths): string {
  const slots: string[] = [];
  for (let slot = 1; slot <= model.capacity; slot += 1) slots.push(renderSlot(slot, model.servers(slot), options));
  return [
    renderGlobal(options, paths),
    renderDefaults(paths),
    renderFrontend(options, paths),
    'backend nobody from front\n  http-request deny deny_status 404\n',
    ...slots,
    '',
  ].join('\n');
}

function renderGlobal(options: HaproxyRouterOptions, paths: RouterPaths): string {
  const threads = options.threads === undefined ? '' : `  nbthread ${options.threads}\n`;
  return `global
  fd-hard-limit ${options.maxDescriptors ?? 50_000}
${threads}  stats socket ${quoted(paths.socket)} mode 600 level admin expose-fd listeners
  hard-stop-after 1h
`;
}

/** `front` and `slot` are apart because only backends may have the rules of a slot. */
function renderDefaults(paths: RouterPaths): string {
  const pages = pageStatuses.map((status) => `  errorfile ${status} ${quoted(join(paths.pages, `${status}.http`))}`);
  const common = `  mode http
  timeout connect 1s
  timeout client 60s
  timeout server 60s
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
  retry-on conn-failure empty-response
  http-request disable-l7-retry if !{ method GET HEAD OPTIONS PUT DELETE }
  http-request allow if !{ be_name,map_str(${paths.bundlesMap}) -m found }
  http-request set-header X-Cutover-Bundle %[be_name,map_str(${paths.bundlesMap}),field(1,:)]
  http-request set-header X-Cutover-Spa %[be_name,map_str(${paths.bundlesMap}),field(2,:)]
`;
}

/**
 * A route is the name of a slot, or `stable:candidate:share`. Only the latter goes past `allow`. The visitor's lane is a number of 0 to 99
 * that goes to the candidate when it is below the share: it never goes back while the share grows. A lane of another candidate is not his.
 */
function renderFrontend(options: HaproxyRouterOptions, paths: RouterPaths): string {
  const binds = options.binds.map((bind) => `  bind ${bind}`).join('\n');
  return `frontend web from front
${binds}
  http-request deny deny_status 400 if !{ req.hdr_cnt(host) eq 1 }
  http-request deny deny_status 400 if { req.hdrs -m reg '\\x00' }
  http-request del-header '^(x-forwarded-|forwarded$|x-cutover-)' -m reg
  http-request del-header upgrade if { req.fhdr(upgrade) -m sub -i h2c }
  http-request add-header X-Forwarded-Proto http
  http-request add-header X-Forwarded-Host %[req.hdr(host)]
  http-request set-var(txn.slot) req.hdr(host),field(1,:),lower,map_str(${paths.hostsMap})
  http-request allow if !{ var(txn.slot) -m sub : }
  http-request set-var(txn.route) var(txn.slot)
  http-request set-var(txn.slot) var(txn.route),field(1,:)
  http-request set-var(txn.candidate) var(txn.route),field(2,:)
  http-request set-var(txn.share) var(txn.route),field(3,:)
  http-request set-var(txn.lane) req.cook(${laneCookie}),field(2,.) if { req.cook(${laneCookie}),field(1,.),strcmp(txn.candidate) eq 0 }
  http-request set-var(txn.newlane) rand(100) if !{ var(txn.lane) -m found }
  http-request set-var(txn.lane) var(txn.newlane) if { var(txn.newlane) -m found }
  http-request set-var(txn.slot) var(txn.candidate) if { var(txn.lane),sub(txn.share) lt 0 }
  http-response add-header Set-Cookie "${laneCookie}=%[var(txn.candidate)].%[var(txn.newlane)]; Path=/; HttpOnly; SameSite=Lax" if { var(txn.newlane) -m found }
  use_backend %[var(txn.slot)]
  default_backend nobody
`;
}

function renderSlot(slot: SlotNumber, servers: SlotRecord, options: HaproxyRouterOptions): string {
  const lines = servers.map(({ server, generation, draining }) => {
    const address = serverAddress(server, options.staticEndpoint);
    const out = draining ? ' disabled' : '';
    return `  server ${liveName(server.name, generation)} ${address} ${serverOptions(server)}${out}`;
  });
  return [`backend ${slotName(slot)} from slot`, ...lines].join('\n');
}

export function renderHostsMap(model: RouterModel): string {
  return [...model.routes].map(([host, target]) => `${host} ${routeValue(target)}\n`).join('');
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
