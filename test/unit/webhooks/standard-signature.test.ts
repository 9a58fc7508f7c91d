import assert from 'node:assert/strict';
import { createHmac, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { signingToken } from '../../../src/domain/webhook.ts';
import { gitlabWebhooks } from '../../../src/drivers/webhooks/gitlab.ts';

const encode = (payload: unknown) => new TextEncoder().encode(JSON.stringify(payload));

test('section 10: a delivery of GitLab with a signing token is believed with its signature over number, time and body alone', () => {
  const secret = randomBytes(32).toString('base64url');
  const key = Buffer.from(signingToken(secret).slice('whsec_'.length), 'base64');
  assert.equal(key.length, 32);
  const body = encode({ object_kind: 'push' });
  const sign = (id: string, timestamp: string, bytes: Uint8Array) =>
    `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.`).update(bytes).digest('base64')}`;
  const right = sign('n', '1', body);
  const headers = { 'webhook-id': 'n', 'webhook-timestamp': '1', 'webhook-signature': right };
  const isSigned = (change: Readonly<Record<string, string | undefined>>, bytes = body) =>
    gitlabWebhooks.isSigned({ headers: { ...headers, ...change }, body: bytes }, secret);
  assert.ok(isSigned({}));
  // While keys are changed there are several.
  assert.ok(isSigned({ 'webhook-signature': `${sign('n', '1', encode({}))} v1a,x ${right}` }));
  assert.ok(isSigned({ 'x-gitlab-token': 'of something else' }));
  for (const change of [
    { 'webhook-id': 'm' },
    { 'webhook-id': undefined },
    { 'webhook-timestamp': '2' },
    { 'webhook-timestamp': undefined },
    { 'webhook-signature': right.slice(3) },
    { 'webhook-signature': right.replace('v1,', 'v2,') },
    { 'webhook-signature': right.slice(0, -2) },
    { 'webhook-signature': '' },
    // The right token does not make up for it.
    { 'webhook-signature': sign('n', '1', encode({})), 'x-gitlab-token': secret },
  ])
    assert.ok(!isSigned(change), JSON.stringify(change));
  assert.ok(!isSigned({}, encode({ object_kind: 'tag_push' })));
  assert.ok(!gitlabWebhooks.isSigned({ headers, body }, randomBytes(32).toString('base64url')));

  assert.ok(gitlabWebhooks.showsSignature(headers));
  for (const bad of ['', 'v1,', 'v1,short', 'v2,x'])
    assert.ok(!gitlabWebhooks.showsSignature({ 'webhook-signature': bad }), bad);
  // What is not signed does not number it.
  assert.equal(gitlabWebhooks.deliveryId({ headers: { ...headers, 'idempotency-key': 'other' }, body }), 'n');
  assert.equal(
    gitlabWebhooks.deliveryId({ headers: { 'webhook-id': 'm', 'idempotency-key': 'other' }, body }),
    'other',
  );
});

test('the signature of a delivery is that of the specification "Standard Webhooks"', () => {
  const secret = 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
  assert.equal(signingToken(secret), `whsec_${secret}`);
  const headers = {
    'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  };
  const body = new TextEncoder().encode('{"test": 2432232314}');
  assert.ok(gitlabWebhooks.isSigned({ headers, body }, secret));
});
