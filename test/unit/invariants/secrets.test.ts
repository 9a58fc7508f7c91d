import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exposedSecrets } from '../../../src/domain/invariants.ts';
import { findExposed } from '../../../src/engine/observe/invariants/exposed-words.ts';
import { createMasker, spellingsOf } from '../../../src/engine/masking.ts';

const value = 'p@ssw0rd of the shop';
const secrets = [{ name: 'DATABASE_URL of shop #1', spellings: spellingsOf(value) }];
const where = 'journal of shop #1';

function exposedIn(text: string) {
  return exposedSecrets([{ where, text, deploymentId: 'd1' }], secrets, 5);
}

test('section 10: a secret in plain, base64, hex or URL-encoded form is a violation, which does not repeat it', () => {
  const buffer = Buffer.from(value);
  const forms = [value, buffer.toString('base64'), buffer.toString('hex'), encodeURIComponent(value)];
  for (const form of forms) {
    const [violation] = exposedIn(`connect to ${form} failed`);
    assert.deepEqual(violation, {
      code: 'secret_exposed',
      subject: where,
      message: 'it shows DATABASE_URL of shop #1',
      deploymentId: 'd1',
      since: 5,
    });
  }
});

test('what was masked, and what is too short to be masked, is none', () => {
  assert.deepEqual(exposedIn(createMasker([value])(`connect to ${value} failed`)), []);
  const short = [{ name: 'PIN of shop #1', spellings: spellingsOf('12345') }];
  assert.deepEqual(exposedSecrets([{ where, text: 'the answer is 12345', deploymentId: 'd1' }], short, 5), []);
});

test('section 10: the credential of a repository is a secret too, whatever is written of it', async () => {
  const token = 'tok_5f2b9c8e71d04a36';
  const box = { seal: (plain: string) => plain, open: (sealed: string) => sealed, fingerprint: () => '' };
  const variables = { project: {}, environment: {}, secrets: [], build: [] };
  const written = {
    deploymentId: 'd1',
    name: 'shop #1',
    sealedVariables: JSON.stringify(variables),
    sealedCredential: {
      id: 'c1',
      sealed: JSON.stringify({ kind: 'token', username: 'x', token, host: 'https://git.example' }),
    },
    texts: [
      { where, text: `remote: ${Buffer.from(`x:${token}`).toString('base64')} is not known`, deploymentId: 'd1' },
    ],
    logs: [],
  };
  const store = { recorded: () => assert.fail(), written: async () => [written] };
  const clock = { monotonic: () => 5 };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- of these ports no more is used
  const ports = { secretBox: box, clock } as unknown as Parameters<typeof findExposed>[0]['ports'];
  const [violation] = await findExposed({ ports, store });
  assert.equal(violation?.message, 'it shows the credential of the repository of shop #1');
});
