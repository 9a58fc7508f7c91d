import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemorySecretBox } from '../simulation/memory/memory-secret-box.ts';
import { secretBoxConformance } from './secret-box.ts';

secretBoxConformance('memory', async () => ({
  box: new MemorySecretBox(),
  reopened: async () => new MemorySecretBox(),
  stranger: async () => new MemorySecretBox('another key'),
  [Symbol.asyncDispose]: async () => undefined,
}));

test('the same text is sealed alike each time, so that a history can be repeated', () => {
  assert.equal(new MemorySecretBox().seal('a', 'row'), new MemorySecretBox().seal('a', 'row'));
});
