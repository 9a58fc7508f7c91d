import type { RouterServer } from '../../../engine/ports/router.ts';

/**
 * Options of a server, for the file and for `add server` alike: dynamic servers inherit nothing. Without `pool-max-conn` HAProxy
 * would not reuse connections to dynamic servers; for a single instance that is wanted, since a request on a pooled connection that dies
 * with the instance uses up its retries without a pause, while one on a new connection waits a second between tries (rule 5.5).
 *
 * One of several is checked faster as soon as it refuses a connection. It is not marked down by that alone (`mark-down`): the request
 * that found out would then see only one server left and wait a second before it goes there. Once down, a check each 200 ms brings it
 * back: what is told to be well again must not be the one that is still out when the next one exits.
 *
 * A guarded one is marked down by the first connection that it refuses, since with none left the tries would be used up between those
 * that refuse. HAProxy makes the request that found out wait a second; all others go to the fallback at once. It has no pool either, so
 * that what fails was not sent. A check each 200 ms brings it back.
 */
export function serverOptions(server: RouterServer): string {
  if (server.kind === 'static') return 'pool-max-conn -1 pool-purge-delay 5s';
  if (server.kind === 'fallback') return 'backup pool-max-conn 0';
  if (server.redundancy === 'alone') return 'pool-max-conn 0';
  if (server.redundancy === 'guarded')
    return 'check inter 1s fastinter 100ms downinter 200ms fall 2 rise 1 observe layer4 error-limit 1 on-error mark-down pool-max-conn 0';
  return 'check inter 1s fastinter 100ms downinter 200ms fall 2 rise 1 observe layer4 error-limit 1 on-error fastinter pool-max-conn -1 pool-purge-delay 5s';
}

export function serverAddress(server: RouterServer, staticEndpoint: string): string {
  if (server.kind === 'static') return staticEndpoint;
  return server.address.includes(':') ? `[${server.address}]:${server.port}` : `${server.address}:${server.port}`;
}

export function isChecked(server: RouterServer): boolean {
  return server.kind === 'instance' && server.redundancy !== 'alone';
}
