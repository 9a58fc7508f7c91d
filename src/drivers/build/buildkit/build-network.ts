import { readFile } from 'node:fs/promises';
import { CutoverError } from '../../../domain/errors.ts';

/** How builds reach the network where that is not open: through a proxy, and past somebody who looks into connections. */
export interface BuildNetwork {
  /** PEM of everything that builds are to trust; null: what their images trust. */
  readonly certificatesFile: string | null;
  /** URLs of proxies, which may hold a password, and what is reached without one; null: not set. */
  readonly httpProxy: string | null;
  readonly httpsProxy: string | null;
  readonly noProxy: string | null;
}

/** What that comes to for one build. */
export interface ResolvedNetwork {
  /** PEM that the build is to trust; null: it is left to its images. */
  readonly certificates: string | null;
  /** Build arguments beside those of the plan, which win. */
  readonly proxy: Readonly<Record<string, string>>;
}

export const openNetwork: BuildNetwork = { certificatesFile: null, httpProxy: null, httpsProxy: null, noProxy: null };

/** For every build anew, so that a file that was renewed counts. Error: `invalid_input`. */
export async function resolveNetwork(network: BuildNetwork): Promise<ResolvedNetwork> {
  return { certificates: await readCertificates(network), proxy: proxyArguments(network) };
}

/** Build arguments that every Dockerfile has without naming them; BuildKit keeps them out of its cache and of the image's history. */
function proxyArguments({ httpProxy, httpsProxy, noProxy }: BuildNetwork): Readonly<Record<string, string>> {
  const given = { HTTP_PROXY: httpProxy, HTTPS_PROXY: httpsProxy, NO_PROXY: noProxy };
  return Object.fromEntries(
    Object.entries(given).flatMap(([name, value]) =>
      value === null ? [] : [[name, value] as const, [name.toLowerCase(), value] as const],
    ),
  );
}

/** What stands for a password in the proxies' URLs, as it is written there and as it is meant: builds can print it. */
export function proxyPasswords({ httpProxy, httpsProxy }: BuildNetwork): readonly string[] {
  const written = [httpProxy, httpsProxy].flatMap((url) => (url === null ? [] : [new URL(url).password]));
  return [...new Set(written.flatMap((password) => [password, decodeURIComponent(password)]))].filter(Boolean);
}

async function readCertificates({ certificatesFile }: BuildNetwork): Promise<string | null> {
  if (certificatesFile === null) return null;
  const text = await readFile(certificatesFile, 'utf8').catch((cause: unknown) => {
    throw new CutoverError('invalid_input', `the certificates for builds cannot be read: ${String(cause)}`, { cause });
  });
  if (text.includes('-----BEGIN CERTIFICATE-----')) return text;
  throw new CutoverError('invalid_input', `${certificatesFile} holds no certificate, and builds are to trust it`);
}
