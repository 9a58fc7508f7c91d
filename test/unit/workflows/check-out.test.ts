import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emptyAppConfig } from '../../../src/domain/app-config.ts';
import { defaultBuildSettings, type BuildSettings } from '../../../src/domain/build-settings.ts';
import type { CheckoutRequest } from '../../../src/engine/ports/source.ts';
import { checkOut } from '../../../src/engine/workflows/check-out.ts';
import type { DeploymentRun } from '../../../src/engine/workflows/deployment-run.ts';

/** What is asked of the source for a project with these settings, and a repository that says this of itself. */
async function asked(project: Partial<BuildSettings>, repository: Partial<BuildSettings>) {
  const requests: CheckoutRequest[] = [];
  const run = {
    deployment: {
      id: 'd1',
      source: { kind: 'git' },
      configuration: { build: { ...defaultBuildSettings, ...project } },
    },
    repository: { url: 'https://git.example/app.git', project: 'p1', credential: null },
    logs: { write: () => undefined },
    signal: new AbortController().signal,
    ports: {
      source: {
        checkout: async (request: CheckoutRequest) => {
          requests.push(request);
          return { path: '/tree' };
        },
      },
      appConfig: { read: async () => ({ config: { ...emptyAppConfig, build: repository }, files: ['cutover.yaml'] }) },
    },
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a run is much larger than what is used of it
  const found = await checkOut(run as unknown as DeploymentRun, commit);
  assert.deepEqual([found.path, found.files], ['/tree', ['cutover.yaml']]);
  assert.ok(requests.every(({ owner, commit: sha }) => owner === 'd1' && sha === commit));
  return requests.map(({ submodules, lfs }) => [submodules, lfs]);
}

const commit = 'a'.repeat(40);

test('4.3 what the project asks for is checked out once', async () => {
  assert.deepEqual(await asked({}, {}), [[false, false]]);
  assert.deepEqual(await asked({ submodules: true, lfs: true }, {}), [[true, true]]);
  assert.deepEqual(await asked({ submodules: true }, { submodules: true }), [[true, false]]);
});

test('4.3 what the repository asks for is known when it can be read, and wins', async () => {
  assert.deepEqual(await asked({}, { submodules: true }), [
    [false, false],
    [true, false],
  ]);
  assert.deepEqual(await asked({ lfs: true }, { lfs: false }), [
    [false, true],
    [false, false],
  ]);
});
