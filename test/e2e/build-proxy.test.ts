import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import Docker from 'dockerode';
import { bridgeAddress } from '../harness/bridge-address.ts';
import { startForwardProxy, type ForwardProxy } from '../harness/forward-proxy.ts';
import { baseImage, dockerSocket } from '../harness/images.ts';
import { startPackageServer, type PackageServer } from '../harness/package-server.ts';
import { findWords, plantedMark } from '../harness/planted-secrets.ts';
import { Stage } from './stage.ts';

/** Builds where the way out is a proxy with a password, past somebody who signs connections anew. */
const docker = new Docker({ socketPath: dockerSocket });
const greeting = `greeting-${randomUUID()}`;
const password = `${plantedMark}${randomBytes(9).toString('hex')}`;
const stack = new AsyncDisposableStack();
let packages: PackageServer;
let proxy: ForwardProxy;
let stage: Stage;

before(async () => {
  await baseImage('static');
  packages = stack.use(await startPackageServer(greeting));
  // Builds reach no loopback of the machine: what they get of it, they got through the proxy.
  proxy = stack.use(await startForwardProxy({ host: await bridgeAddress(), password, testNames: '127.0.0.1' }));
  const variables = {
    buildHttpProxy: proxy.url,
    buildHttpsProxy: proxy.url,
    buildCaFile: packages.authorityFile,
  };
  stage = stack.use(await Stage.open({ variables }));
});
after(() => stack.disposeAsync());

/** Deploys the files, and resolves to the id of the image. */
async function built(name: string, files: Readonly<Record<string, string>>): Promise<string> {
  await stage.project(name, files);
  const { deployment } = await stage.deploy(name);
  const log = await stage.log(name, deployment.number, 'BuildImageJob').catch(() => '');
  assert.equal(deployment.state, 'completed', `${JSON.stringify(deployment.failure)}\n${log}`);
  assert.ok(deployment.artifact?.type === 'image');
  return deployment.artifact.imageId;
}

/** Beside the platform's own settings, which only root can read. */
async function found(words: readonly string[], images: readonly string[]): Promise<readonly string[]> {
  const places = await findWords(words, stage.platform, images);
  return places.filter((place) => place !== join(stage.platform.dataDir, 'settings.json'));
}

function planned(): Readonly<Record<string, string>> {
  const { resolved, integrity } = packages;
  const about = { name: 'planned', version: '1.0.0', private: true, dependencies: { greeting: '1.0.0' } };
  return {
    'package.json': JSON.stringify({ ...about, scripts: { start: 'node server.js' } }),
    'package-lock.json': JSON.stringify({
      ...about,
      lockfileVersion: 3,
      packages: { '': about, 'node_modules/greeting': { version: '1.0.0', resolved, integrity } },
    }),
    'server.js': `require('node:http').createServer((_, response) => response.end(require('greeting'))).listen(process.env.PORT);`,
  };
}

/** Fetches with and without TLS, and serves what it got. */
function own(steps: readonly string[]): Readonly<Record<string, string>> {
  const { plain, resolved } = packages;
  const fetching = `fetch('${resolved}').then(async (r) => require('node:fs').writeFileSync('/srv/secure.tgz', Buffer.from(await r.arrayBuffer())))`;
  return {
    Dockerfile: `FROM cutover/base-static AS plain
RUN wget -q -O /plain.tgz http://${plain}/greeting-1.0.0.tgz
FROM node:24-slim
WORKDIR /srv
COPY --from=plain /plain.tgz .
RUN --mount=type=secret,id=cutover-ca NODE_EXTRA_CA_CERTS=/run/secrets/cutover-ca NODE_USE_ENV_PROXY=1 node -e "${fetching}"
${steps.join('\n')}
RUN cmp plain.tgz secure.tgz && tar xzf secure.tgz
CMD ["node", "-e", "require('node:http').createServer((_, r) => r.end(require('/srv/package'))).listen(process.env.PORT)"]
`,
  };
}

test('steps of a build reach the network through the proxy, with its password and the extra certificates, and neither is kept anywhere', async () => {
  const [tunnel, request] = [`CONNECT ${packages.secure}`, `GET ${packages.plain}`];
  const images = [await built('planned', planned())];
  assert.deepEqual(new Set(proxy.seen), new Set([tunnel]));
  images.push(await built('own', own([])));
  assert.deepEqual(proxy.seen.slice(-2).toSorted(), [tunnel, request]);
  for (const host of ['planned.localhost', 'own.localhost']) assert.equal((await stage.visit(host)).body, greeting);
  assert.deepEqual(await found([plantedMark, proxy.address], images), []);
});

test('who prints the proxy prints no password, and a Dockerfile that declares the arguments does not put it into the history', async () => {
  const declared = ['ARG HTTP_PROXY', 'ARG OTHER=1 https_proxy \\', '  HTTPS_PROXY', 'RUN env | grep -i proxy'];
  const image = await built('telling', own(declared));
  const log = await stage.log('telling', 1, 'BuildImageJob');
  assert.match(log, new RegExp(`^HTTPS_PROXY=http://builder:•+@${proxy.address}$`, 'm'));
  assert.deepEqual(await found([plantedMark], []), []);
  const details = JSON.stringify([await docker.getImage(image).history(), await docker.getImage(image).inspect()]);
  assert.match(details, /OTHER=1/);
  assert.ok(!details.includes(proxy.address));
});
