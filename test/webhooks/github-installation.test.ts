import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { InstallationEvent } from '../../src/domain/repository-event.ts';
import { applyInstallationEvent } from '../../src/engine/commands/installation-events.ts';
import { createGitHubAppStore } from '../../src/store/github-app.ts';
import { owner, refusal } from '../conformance/store/configuration-bench.ts';
import { githubExamples } from './github-examples.ts';
import { WebhookStage } from './webhook-stage.ts';

const examples = () => githubExamples().filter(({ event }) => /^installation(_repositories)?$/.test(event));

test("what GitHub tells an App of its installations has GitHub asked again, once each; a project's own webhook is not believed", async () => {
  await using stage = await WebhookStage.open();
  const applied: InstallationEvent[] = [];
  stage.installationEvent = async (event) => {
    applied.push(event);
    return [];
  };
  const hook = await stage.webhooks.commands.putHook(owner, { provider: 'github' }, { replace: false });
  const own = await stage.project('shop');
  stage.work();
  const { id: unbelieved } = await stage.deliver(own, 'installation', examples()[0]?.payload);
  assert.match((await stage.worked(unbelieved)).reason ?? '', /platform's webhook/);
  assert.equal(examples().length, 10);
  for (const { event, payload } of examples()) {
    const { id, outcome } = await stage.deliver(hook, event, payload);
    assert.equal(outcome, 'accepted');
    const { state, reason, projects } = await stage.worked(id);
    assert.deepEqual([state, projects], ['processed', []]);
    assert.match(reason ?? '', /GitHub is asked what the App may do now/);
    assert.equal((await stage.deliver(hook, event, payload)).outcome, 'replayed');
    const forged = stage.deliver(hook, event, payload, { body: JSON.stringify({ ...payload, action: 'deleted!' }) });
    await assert.rejects(forged, refusal('webhook_signature_invalid'));
  }
  const told = new Set(applied.map(({ installation, account, action }) => `${installation} ${account} ${action}`));
  assert.deepEqual([...told].toSorted(), [
    '16598467 Codertocat suspend',
    '16598467 Codertocat unsuspend',
    '2 octocat deleted',
    '2 octocat removed',
    '957387 Codertocat added',
    '957387 Codertocat created',
    '957387 Codertocat new_permissions_accepted',
  ]);
  assert.equal(applied.length, 10);
});

test('a project that the App acts for is told what has changed, and is looked up again; others are left alone', async () => {
  await using stage = await WebhookStage.open();
  const { db } = stage.stores.database;
  const githubApp = createGitHubAppStore(db);
  const forgotten: string[] = [];
  let wakes = 0;
  const githubApps = { forget: (id: string) => void forgotten.push(id) };
  stage.installationEvent = (event) =>
    applyInstallationEvent({ githubApp, githubApps, wake: () => void (wakes += 1) }, event.installation);
  const hook = await stage.webhooks.commands.putHook(owner, { provider: 'github' }, { replace: false });
  const app = { appId: '5725', slug: 'x', apiUrl: 'https://api.github.com', fingerprint: 'f', setBy: 'a' };
  const appRow = { ...app, id: '00000000-0000-4000-8000-000000000001', sealed: 's' };
  await githubApp.set(appRow);
  for (const [name, id] of Object.entries({ mine: '2', other: '3' })) {
    await stage.project(name, `https://github.com/octocat/${name}.git`);
    const project = (await githubApp.projects()).find(({ address }) => address?.includes(name) === true);
    const found = { repository: `octocat/${name}`, installation: { state: 'installed', id }, reason: null } as const;
    await githubApp.found(project?.projectId ?? '', appRow.id, {
      ...found,
      apiUrl: app.apiUrl,
      asOf: project?.readAt ?? '',
    });
  }
  stage.work();
  const removed = examples().find(({ payload }) => 'action' in payload && payload.action === 'deleted');
  const { id } = await stage.deliver(hook, 'installation', removed?.payload);
  const { projects } = await stage.worked(id);
  assert.deepEqual(
    projects.map(({ project, outcomes }) => [project, outcomes.map(({ code }) => code)]),
    [['mine', ['installation-changed']]],
  );
  const doubted = (await githubApp.projects()).filter(({ known }) => known?.doubted);
  assert.deepEqual(
    doubted.map(({ address }) => address),
    ['https://github.com/octocat/mine.git'],
  );
  assert.deepEqual([forgotten, wakes], [['2'], 1]);
});
