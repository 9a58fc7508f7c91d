import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { writeFiles } from './sample-apps.ts';

const run = promisify(execFile);
/** A name that no name server knows. */
const host = 'packages.test';

export interface PackageServer extends AsyncDisposable {
  /** PEM file with the authority that the server's certificate is of, which nobody trusts by himself. */
  readonly authorityFile: string;
  /** `host:port` of the one with TLS. */
  readonly secure: string;
  /** `host:port` of the one without. */
  readonly plain: string;
  /** For `package-lock.json`: the package's tarball and its hash. */
  readonly resolved: string;
  readonly integrity: string;
}

/** Serves one npm package, `greeting` 1.0.0, which says `text`, at loopback; with TLS by an authority of its own, and without. */
export async function startPackageServer(text: string): Promise<PackageServer> {
  const dir = await mkdtemp('/tmp/cutover-test-packages-');
  const tarball = await packageTarball(dir, text);
  const authorityFile = await makeCertificates(dir);
  const [key, cert] = [await readFile(join(dir, 'server.key')), await readFile(join(dir, 'server.pem'))];
  const answer: RequestListener = ({ url }, response) =>
    url === '/greeting-1.0.0.tgz' ? response.end(tarball) : response.writeHead(404).end();
  const [secureServer, plainServer] = [createSecureServer({ key, cert }, answer), createServer(answer)];
  const [secure, plain] = [`${host}:${await listen(secureServer)}`, `${host}:${await listen(plainServer)}`];
  return {
    authorityFile,
    secure,
    plain,
    resolved: `https://${secure}/greeting-1.0.0.tgz`,
    integrity: `sha512-${createHash('sha512').update(tarball).digest('base64')}`,
    async [Symbol.asyncDispose]() {
      for (const server of [secureServer, plainServer]) {
        server.closeAllConnections();
        server.close();
      }
      await rm(dir, { recursive: true });
    },
  };
}

async function packageTarball(dir: string, text: string): Promise<Buffer> {
  await writeFiles(dir, {
    'package/package.json': { name: 'greeting', version: '1.0.0', main: 'index.js' },
    'package/index.js': `module.exports = ${JSON.stringify(text)};\n`,
  });
  await run('tar', ['-czf', join(dir, 'greeting.tgz'), '-C', dir, 'package']);
  return readFile(join(dir, 'greeting.tgz'));
}

/** An authority, and a key with a certificate of it for the host. */
async function makeCertificates(dir: string): Promise<string> {
  const [authority, authorityKey] = [join(dir, 'authority.pem'), join(dir, 'authority.key')];
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  const ca = ['-addext', 'basicConstraints=critical,CA:TRUE', '-subj', '/CN=authority of a test'];
  await run('openssl', ['req', '-x509', ...newKey, ...ca, '-keyout', authorityKey, '-out', authority]);
  const request = ['-subj', `/CN=${host}`, '-keyout', join(dir, 'server.key'), '-out', join(dir, 'server.csr')];
  await run('openssl', ['req', ...newKey.slice(0, -2), ...request]);
  await writeFiles(dir, { 'server.ext': `subjectAltName=DNS:${host}\n` });
  const signer = ['-CA', authority, '-CAkey', authorityKey, '-CAcreateserial', '-days', '2'];
  const signed = ['-in', join(dir, 'server.csr'), '-extfile', join(dir, 'server.ext'), '-out', join(dir, 'server.pem')];
  await run('openssl', ['x509', '-req', ...signer, ...signed]);
  return authority;
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}
