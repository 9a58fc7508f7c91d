import { laneCookie } from './lane-cookie.ts';
import type { HaproxyRouterOptions, RouterPaths } from './options.ts';
import { logFormat, ringName } from './outcome-line.ts';
import { askingMark } from './names.ts';
import { asleepPage, heldPage, pagePath, pausedPage, unwokenPage } from './pages.ts';

/**
 * Of the requests of hosts that are not observed, one in 16 is told while there are few, and fewer the more there are: telling one costs
 * about a fifth of what it costs to serve it.
 */
const sampleOf = 16;
const fewerBy = 4;
const manyPerSecond = 500;
const farFewerBy = 64;
const veryManyPerSecond = 5_000;

/** How many requests wait for each host that sleeps, and how many may. */
const waitingTable = 'waiting';
const mostWaiting = 500;

const asked = '{ var(txn.guard) -m sub : }';
const cookie = `req.cook(${laneCookie})`;
const plain = '!{ var(txn.slot) -m sub : }';
/** There is exactly one, so that HAProxy need not look for a last one behind the first. */
const host = 'req.fhdr(host,1),field(1,:),lower';
const fewer = `{ var(txn.weight) -m int eq ${sampleOf * fewerBy} } { rand(${fewerBy}) gt 0 }`;
const farFewer = `{ fe_req_rate gt ${veryManyPerSecond} } { rand(${farFewerBy}) gt 0 }`;

/** A `listen` without servers, because only that may have `abortonclose`: a visitor who leaves no longer waits in `hold`. */
export function renderFrontEnd(options: HaproxyRouterOptions, paths: RouterPaths, lua: boolean): string {
  const rules = [...acceptance(paths), ...telling(), ...guarding(paths), ...holding(paths, lua), ...choosing()];
  return `listen web from front
${options.binds.map((bind) => `  bind ${bind}`).join('\n')}
  bind unix@${paths.successorSocket} mode 600 accept-proxy
  option abortonclose
  log ring@${ringName} format raw local0
  log-format "${logFormat}"
${rules.map((rule) => `  ${rule}`).join('\n')}
  use_backend successor if { stopping }
  use_backend %[var(txn.slot)] if { var(txn.slot) -m found }
  # Should the route have become a special one a moment ago, this request came before. One that asks for a password names no slot here.
  use_backend %[${host},map_str(${paths.hostsMap}),field(1,:)]
  default_backend nobody
${lua ? `\nbackend ${waitingTable} from front\n  stick-table type string len 253 size 10k expire 5m store conn_cur\n` : ''}`;
}

/**
 * What every request passes. Most routes are just the name of a slot, and most of those requests are not told: they leave at `allow`, and
 * find their slot in the map of hosts without a variable, which would cost more than the map of special ones, where there are few.
 *
 * A worker that takes no visitors any more cannot be told of new servers: what is still asked on connections of before it passes on to its
 * successor, which tells of it.
 */
function acceptance(paths: RouterPaths): string[] {
  return [
    'http-request set-log-level silent',
    'http-request deny deny_status 400 if !{ req.hdr_cnt(host) eq 1 }',
    String.raw`http-request deny deny_status 400 if { req.hdrs -m reg '\x00' }`,
    "http-request del-header '^(x-forwarded-|forwarded$|x-cutover-)' -m reg",
    'http-request del-header upgrade if { req.fhdr(upgrade) -m sub -i h2c }',
    'http-request add-header X-Forwarded-Proto http',
    'http-request add-header X-Forwarded-Host %[req.hdr(host)]',
    `http-request allow if !{ ${host},map_str(${paths.specialMap}) -m found } { rand(${sampleOf}) gt 0 }`,
    'http-request allow if { stopping }',
    `http-request set-var(txn.slot) ${host},map_str(${paths.hostsMap})`,
  ];
}

/**
 * Only routes that are more than the name of a slot come here, and those of guarded hosts are. The digest of the salt and of what the browser
 * sent is compared with the one that is known. Where the route says that there is a password and the guard
 * is not there, it comes, goes, or is read anew in this moment: nobody gets in.
 */
function guarding(paths: RouterPaths): string[] {
  const stranger = '!{ var(txn.shown),strcmp(txn.known) eq 0 }';
  return [
    `http-request set-var(txn.guard) ${host},map_str(${paths.guardsMap})`,
    `http-request deny deny_status 503 if { var(txn.slot) -m beg ${askingMark} } !${asked}`,
    `http-request set-var(txn.sent) req.fhdr(authorization),field(2,' ') if ${asked}`,
    `http-request set-var(txn.known) var(txn.guard),field(3,:) if ${asked}`,
    `http-request set-var(txn.shown) var(txn.guard),field(2,:),concat(,txn.sent),sha2(256),hex,lower if ${asked}`,
    `http-request set-log-level silent if ${asked} ${stranger}`,
    `http-request auth realm Preview if ${asked} ${stranger}`,
    // Most answers are to nobody special.
    'http-response allow if !{ var(txn.route) -m found }',
    'http-response set-header X-Robots-Tag noindex if { var(txn.guard) -m beg n }',
  ];
}

/** What the line of a request needs, since its head is gone when it ends. */
function telling(): string[] {
  return [
    `http-request allow if ${plain} ${farFewer}`,
    `http-request set-var(txn.weight) int(${sampleOf})`,
    `http-request set-var(txn.weight) int(${sampleOf * fewerBy}) if { fe_req_rate gt ${manyPerSecond} }`,
    `http-request set-var(txn.weight) int(${sampleOf * farFewerBy}) if { fe_req_rate gt ${veryManyPerSecond} }`,
    `http-request allow if ${plain} ${fewer}`,
    'http-request set-log-level info',
    'http-request set-var(txn.path) path,bytes(0,256)',
    'http-request set-var(txn.method) method',
    `http-request set-var(txn.client) ${cookie}`,
    'http-request set-var(txn.upgrade) int(1) if { req.fhdr(upgrade) -m found }',
    `http-request allow if ${plain}`,
  ];
}

/** A route with a mode. After `hold` it is the one that the host has then. */
function holding(paths: RouterPaths, lua: boolean): string[] {
  const page = (name: string) => `deny deny_status 503 errorfile '${pagePath(paths, name)}'`;
  const hold = [
    `http-request set-var(txn.host) ${host} if { var(txn.slot) -m sub :h :a }`,
    // Whoever floods what sleeps takes no more of the router than that.
    `http-request track-sc0 var(txn.host) table ${waitingTable} if { var(txn.slot) -m sub :a }`,
    `http-request ${page(asleepPage)} if { var(txn.slot) -m sub :a } { sc0_conn_cur(${waitingTable}) gt ${mostWaiting} }`,
    'http-request lua.hold if { var(txn.slot) -m sub :h :a }',
  ];
  return [
    ...(lua ? hold : []),
    'http-request set-var(txn.route) var(txn.slot)',
    `http-request set-var(txn.route) var(txn.slot),field(2,:,0) if { var(txn.slot) -m beg ${askingMark} }`,
    'http-request set-var(txn.slot) var(txn.route),field(1,:)',
    `http-request set-var(txn.weight) int(1) if { var(txn.route),field(4,:) -m end o }`,
    `http-request set-log-level silent if !{ var(txn.weight) -m int eq 1 } { rand(${sampleOf}) gt 0 }`,
    `http-request set-log-level silent if ${fewer}`,
    lua
      ? 'http-request deny deny_status 503 if { var(txn.route) -m sub :h }'
      : `http-request ${page(heldPage)} if { var(txn.route) -m sub :h }`,
    `http-request ${page(pausedPage)} if { var(txn.route) -m sub :p }`,
    `http-request ${page(asleepPage)} if { var(txn.route) -m sub :a }`,
    `http-request ${page(unwokenPage)} if { var(txn.route) -m sub :u }`,
    // The app is not told what was sent; whoever takes over from this worker, while somebody waited here, asks for it once more.
    `http-request del-header authorization if ${asked} !{ stopping }`,
  ];
}

/**
 * The visitor's lane is a number of 0 to 99 that goes to the candidate when it is below the share: it never goes back while the share
 * grows. A lane of another candidate is not his. He is given one with a page, so that its assets come from the same version.
 */
function choosing(): string[] {
  const given = '{ var(txn.newlane) -m found }';
  return [
    'http-request allow if !{ var(txn.route),field(2,:) -m beg slot }',
    'http-request set-var(txn.candidate) var(txn.route),field(2,:)',
    'http-request set-var(txn.share) var(txn.route),field(3,:)',
    `http-request set-var(txn.lane) ${cookie},field(2,.) if { ${cookie},field(1,.),strcmp(txn.candidate) eq 0 }`,
    'http-request set-var(txn.newlane) rand(100) if !{ var(txn.lane) -m found }',
    `http-request set-var(txn.lane) var(txn.newlane) if ${given}`,
    'http-request set-var(txn.slot) var(txn.candidate) if { var(txn.lane),sub(txn.share) lt 0 }',
    `http-response add-header Set-Cookie "${laneCookie}=%[var(txn.candidate)].%[var(txn.newlane)].%[rand(2000000000)]; Path=/; HttpOnly; SameSite=Lax" if ${given} { res.hdr(content-type) -m beg -i text/html }`,
  ];
}
