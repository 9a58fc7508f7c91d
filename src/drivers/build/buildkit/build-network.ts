import { readFile } from 'node:fs/promises';
import { CutoverError } from '../../../domain/errors.ts';

/** How builds reach the network where that is not open: through a proxy, and past somebody who looks into connections. */
export interface BuildNetwork {
  /** PEM of everything that builds are to trust; null: what their images trust. */
  readonly certificatesFile: string | null;
  /** URLs of proxies, and what is reached without one; null: not set. No place for passwords: builds can print them. */
  readonly httpProxy: string | null;
  readonly httpsProxy: string | null;
  readonly noProxy: string | null;
}

export const openNetwork: BuildNetwork = { certificatesFile: null, httpProxy: null, httpsProxy: null, noProxy: null };

/** Build arguments that every Dockerfile has without naming them; BuildKit keeps them out of its cache and of the image's history. */
export function proxyArguments({ httpProxy, httpsProxy, noProxy }: BuildNetwork): Readonly<Record<string, string>> {
  const given = { HTTP_PROXY: httpProxy, HTTPS_PROXY: httpsProxy, NO_PROXY: noProxy };
  return Object.fromEntries(
    Object.entries(given).flatMap(([name, value]) =>
      value === null ? [] : [[name, value] as const, [name.toLowerCase(), value] as const],
    ),
  );
}

/** Read for every build, so that a file that was renewed counts. Error: `invalid_input`. */
export async function readCertificates({ certificatesFile }: BuildNetwork): Promise<string | null> {
  if (certificatesFile === null) return null;
  const text = await readFile(certificatesFile, 'utf8').catch((cause: unknown) => {
    throw new CutoverError('invalid_input', `the certificates for builds cannot be read: ${String(cause)}`, { cause });
  });
  if (text.includes('-----BEGIN CERTIFICATE-----')) return text;
  throw new CutoverError('invalid_input', `${certificatesFile} holds no certificate, and builds are to trust it`);
}
