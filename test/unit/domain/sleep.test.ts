import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noteUse, type Use } from '../../../src/domain/sleep.ts';

const idle = (requests: number) => ({ requests, open: 0 });

test('rule 6: what nobody has looked at yet was used just now', () => {
  assert.deepEqual(noteUse(null, idle(7), 500), { requests: 7, usedAt: 500 });
});

test('rule 6: a request, something in flight, and a counter that began anew are use; nothing else is', () => {
  let use: Use = noteUse(null, idle(7), 0);
  use = noteUse(use, idle(7), 10);
  assert.equal(use.usedAt, 0);
  use = noteUse(use, idle(8), 20);
  assert.equal(use.usedAt, 20);
  use = noteUse(use, idle(8), 30);
  assert.equal(use.usedAt, 20);
  use = noteUse(use, { requests: 8, open: 1 }, 40);
  assert.equal(use.usedAt, 40);
  use = noteUse(use, idle(0), 50);
  assert.deepEqual(use, { requests: 0, usedAt: 50 });
});
