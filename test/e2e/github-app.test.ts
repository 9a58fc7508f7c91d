import assert from 'node:assert/strict';
import { request as ask, type IncomingMessage, type ServerResponse } from 'node:http';
import { after, before, test } from 'node:test';
import type { WireProvider } from '../../src/contract/schemas/provider.ts';
import { GitHubAppStandIn } from '../harness/github-app-stand-in.ts';
import { ProviderStandIn } from '../harness/provider-stand-in.ts';
import { answering } from './apps.ts';
import { Stage } from './stage.ts';

let stage: Stage;
let standIn: ProviderStandIn;
const app = new GitHubAppStandIn();

before(async () => {
  standIn = await ProviderStandIn.start('github');
  standIn.app = app;
  stage = await Stage.open({ variables: { allowInternal: '127.0.0.0/8' } }, { before: gitHub });
});
after(async () => {
  await stage[Symbol.asyncDispose]();
  await standIn[Symbol.asyncDispose]();
});

/** One server for the API and for Git, which lets in nobody without a token that may read contents. */
async function gitHub(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  if (incoming.url?.startsWith('/api/') === true) return passOn(incoming, response);
  const [, shown = ''] = incoming.headers.authorization?.split(' ') ?? [];
  const [user, token = ''] = Buffer.from(shown, 'base64').toString().split(':');
  const issued = app.issued.get(token);
  const mayRead = user === 'x-access-token' && issued?.permissions?.['contents'] === 'read';
  if (!mayRead || !issued.repositories.includes('acme/shop'))
    response.writeHead(401, { 'www-authenticate': 'Basic realm="GitHub"' }).end();
}

function passOn(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method, headers, url = '' } = incoming;
  return new Promise((resolve, reject) => {
    const outgoing = ask(new URL(url, standIn.apiUrl), { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response).on('finish', resolve);
    });
    outgoing.on('error', reject);
    incoming.pipe(outgoing);
  });
}

test('a private repository is deployed by the GitHub App alone, and GitHub is told of production', async () => {
  const repository = await stage.git.createRepository('acme/shop');
  const commit = await repository.commit(answering('private'));
  await stage.must('POST', '/api/projects', { name: 'shop', repository: repository.url });
  await stage.must('PATCH', '/api/projects/shop/environments/production', { settings: { observationMs: 0 } });
  const alone = await stage.deploy('shop');
  assert.equal(alone.deployment.failure?.code, 'repository_needs_credentials');

  app.install('acme/shop');
  const { appId, privateKey } = app;
  await stage.must('PUT', '/api/github-app', { appId, privateKey, apiUrl: `${stage.git.url}/api` });
  const { deployment } = await stage.deploy('shop', { commit });
  assert.equal(deployment.state, 'completed', JSON.stringify(deployment.failure));
  assert.equal((await stage.visit('shop.localhost')).body, 'private');

  await stage.until('GitHub to be told', async () => {
    const [told] = standIn.deployments;
    return told?.state === 'success' && told.sha === commit ? told : null;
  });
  const contexts = new Set(standIn.statuses.map(({ context }) => context));
  assert.deepEqual([...contexts], ['cutover/shop/production']);
  const { provider } = await stage.must<{ provider: WireProvider }>('GET', '/api/projects/shop/provider');
  assert.deepEqual([provider.installation, provider.repository], ['installed', 'acme/shop']);
});
