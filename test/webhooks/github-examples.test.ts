import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import type { CutoverError } from '../../src/domain/errors.ts';
import { owner } from '../conformance/store/configuration-bench.ts';
import { githubSignature } from '../harness/github-deliveries.ts';
import { githubExamples } from './github-examples.ts';
import { WebhookStage } from './webhook-stage.ts';

const codeOf = (error: CutoverError) => error.code;

test('section 10: all 329 payloads of GitHub are taken when signed, known when they come again, refused when changed, and none has an effect', async () => {
  const examples = githubExamples();
  assert.equal(examples.length, 329);
  await using stage = await WebhookStage.open();
  const hook = await stage.webhooks.commands.putHook(owner, { provider: 'github' }, { replace: false });
  await stage.project('bystander');
  stage.work();
  const bodies = new Set<string>();
  for (const { event, payload } of examples) {
    const body = JSON.stringify(payload);
    const headers = {
      'content-type': 'application/json',
      'x-github-event': event,
      'x-github-delivery': randomUUID(),
      'x-hub-signature-256': githubSignature(body, hook.secret),
    };
    const send = (change: { readonly headers?: object; readonly body?: string }) =>
      stage
        .send(hook, { provider: 'github', body: change.body ?? body, headers: { ...headers, ...change.headers } })
        .then(({ outcome }) => outcome, codeOf);
    const isNew = !bodies.has(`${event} ${body}`);
    bodies.add(`${event} ${body}`);
    assert.match(await send({}), isNew ? /^(accepted|ignored)$/ : /^replayed$/, event);
    const [signature, bytes] = [headers['x-hub-signature-256'], Buffer.from(body)];
    const flipped = `${signature.slice(0, -1)}${signature.endsWith('0') ? '1' : '0'}`;
    bytes[Math.floor(bytes.length / 2)] = (bytes[Math.floor(bytes.length / 2)] ?? 0) ^ 1;
    assert.deepEqual(
      [
        await send({ headers: { 'x-hub-signature-256': flipped } }),
        await send({ body: body.slice(0, -1) }),
        await send({ body: bytes.toString('latin1') }),
        await send({}),
        await send({ headers: { 'x-github-delivery': randomUUID() } }),
      ],
      [...Array<string>(3).fill('webhook_signature_invalid'), 'replayed', 'replayed'],
      event,
    );
  }
  const kept = await stage.stores.database.db.selectFrom('webhook_delivery').select(['id', 'verified']).execute();
  const verified = kept.filter((delivery) => delivery.verified);
  assert.equal(verified.length, bodies.size);
  const states = new Map<string, number>();
  for (const { id } of verified) {
    const { state, projects, reason } = await stage.worked(id);
    states.set(state, (states.get(state) ?? 0) + 1);
    assert.deepEqual(projects, []);
    assert.ok(reason !== null, 'each says why nothing followed');
  }
  assert.deepEqual([...states.keys()].toSorted(), ['ignored', 'processed']);
  assert.ok((states.get('processed') ?? 0) >= 10, JSON.stringify([...states]));
  const deployments = await stage.stores.database.db.selectFrom('deployment').select('id').execute();
  assert.deepEqual(deployments, []);
});
