import { lookup as lookUp, type LookupAddress } from 'node:dns';
import { Agent as HttpAgent, request as overHttp, type IncomingMessage, type RequestOptions } from 'node:http';
import { Agent as HttpsAgent, request as overHttps } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import type { AddressRule } from './internal-addresses.ts';

const timeoutMs = 20_000;
const longestBody = 10_000_000;

/**
 * `fetch` for addresses that users give: no connection is made to an internal address, whatever a name resolves to at that moment; no redirect
 * is followed; an answer has 20 s and 10 MB. What is refused or fails is a TypeError, as with `fetch` itself.
 */
export function outgoingFetch(isAllowed: AddressRule): typeof globalThis.fetch {
  // Connections that somebody else has made are not used: nobody has looked at where they lead.
  const agents = { 'http:': new HttpAgent({ keepAlive: true }), 'https:': new HttpsAgent({ keepAlive: true }) };
  return async (input, init) => {
    const request = new Request(input, init);
    const url = new URL(request.url);
    const literal = url.hostname.replace(/^\[|\]$/g, '');
    if (isIP(literal) !== 0 && !isAllowed(literal)) throw refused(literal, literal);
    const body = request.body === null ? null : Buffer.from(await request.arrayBuffer());
    const options: RequestOptions = {
      method: request.method,
      headers: { ...Object.fromEntries(request.headers), 'content-length': body?.length ?? 0 },
      signal: AbortSignal.any([request.signal, AbortSignal.timeout(timeoutMs)]),
      lookup: guardedLookup(isAllowed),
      agent: url.protocol === 'https:' ? agents['https:'] : agents['http:'],
    };
    try {
      return await toResponse(await send(url, options, body));
    } catch (cause) {
      request.signal.throwIfAborted();
      throw cause instanceof TypeError
        ? cause
        : new TypeError(`${url.origin} could not be asked: ${String(cause)}`, { cause });
    }
  };
}

function send(url: URL, options: RequestOptions, body: Buffer | null): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const outgoing = (url.protocol === 'https:' ? overHttps : overHttp)(url, options, resolve);
    outgoing.on('error', reject);
    outgoing.end(body ?? undefined);
  });
}

async function toResponse(incoming: IncomingMessage): Promise<Response> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > longestBody) throw new TypeError(`the answer is larger than ${longestBody} bytes`);
    chunks.push(bytes);
  }
  const headers = new Headers();
  for (const [name, values] of Object.entries(incoming.headersDistinct))
    for (const value of values ?? []) headers.append(name, value);
  const status = incoming.statusCode ?? 0;
  const empty = status === 204 || status === 205 || status === 304;
  return new Response(empty ? null : Buffer.concat(chunks), { status, headers });
}

/** The address that is looked at is the one that is connected to: a name that says something else a moment later gains nothing. */
function guardedLookup(isAllowed: AddressRule): LookupFunction {
  return (hostname, options, callback) => {
    lookUp(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, '');
      const bad = addresses.find(({ address }) => !isAllowed(address));
      if (bad !== undefined) return callback(refused(hostname, bad.address), '');
      const [first] = addresses;
      if (options.all === true) return callback(null, addresses);
      callback(null, first?.address ?? '', (first satisfies LookupAddress | undefined)?.family);
    });
  };
}

function refused(host: string, address: string): TypeError {
  const which = host === address ? address : `${host} is at ${address}, which`;
  return new TypeError(`${which} is an internal address; CUTOVER_ALLOW_INTERNAL would have to allow it`);
}
