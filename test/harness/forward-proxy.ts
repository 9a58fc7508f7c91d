import { lookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { Server } from 'proxy-chain';

export interface ForwardProxy extends AsyncDisposable {
  /** With user and password. */
  readonly url: string;
  /** `host:port`. */
  readonly address: string;
  /** What was asked for with the right password, in order: `GET plain.test:8080` or `CONNECT secure.test:8443`. */
  readonly seen: readonly string[];
}

interface ForwardProxyOptions {
  /** Address to listen at. */
  readonly host: string;
  readonly password: string;
  /** Names that end in `.test` are this address, and nobody but the proxy knows. */
  readonly testNames: string;
}

const user = 'builder';

/** A forward proxy as companies have them: for plain requests and for tunnels, and only for who has the password. */
export async function startForwardProxy({ host, password, testNames }: ForwardProxyOptions): Promise<ForwardProxy> {
  const seen: string[] = [];
  const server = new Server({
    host,
    port: 0,
    prepareRequestFunction: (asked) => {
      if (asked.username !== user || asked.password !== password) return { requestAuthentication: true };
      seen.push(`${asked.isHttp ? (asked.request.method ?? '') : 'CONNECT'} ${asked.hostname}:${asked.port}`);
      return { dnsLookup: lookupWith(testNames) };
    },
  });
  await server.listen();
  return {
    url: `http://${user}:${password}@${host}:${server.port}`,
    address: `${host}:${server.port}`,
    seen,
    [Symbol.asyncDispose]: () => server.close(true),
  };
}

function lookupWith(address: string): typeof lookup {
  const found: LookupFunction = (name, options, callback) => {
    if (!name.endsWith('.test')) {
      lookup(name, options, callback);
      return;
    }
    const family = isIP(address);
    if (options.all === true) callback(null, [{ address, family }]);
    else callback(null, address, family);
  };
  return found as typeof lookup;
}
