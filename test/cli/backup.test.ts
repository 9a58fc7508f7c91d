import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BackupSummary, RestoreBackupOptions } from '../../src/cli/backup-operations.ts';
import { exitCodes } from '../../src/cli/exit-codes.ts';
import { CutoverError } from '../../src/contract/errors.ts';
import { runMain } from './cli-run.ts';

const summary: BackupSummary = {
  file: '/backups/today',
  release: '0.1.0',
  platformId: 'abcd',
  createdAt: '2026-01-01T00:00:00.000Z',
  encrypted: true,
  rows: 12,
  keysIncluded: true,
  artifactsIncluded: true,
  logsIncluded: false,
  artifacts: 3,
  volumes: [{ project: 'shop', environment: 'production', name: 'data' }],
};

test('create passes on what is wanted, and says that volumes are not part of a backup', async () => {
  const asked: unknown[] = [];
  const args = ['backup', 'create', '--to', 'today', '--with-artifacts', '--passphrase-file', 'secret'];
  const { code, stdout, stderr } = await runMain(args, {
    local: {
      async createBackup(options, progress) {
        asked.push(options);
        progress('database: 12 rows');
        return { ...summary, sizeBytes: 1_200_000 };
      },
    },
  });
  assert.equal(code, exitCodes.ok);
  assert.deepEqual(asked, [
    { artifacts: true, logs: false, withoutKeys: false, file: 'today', passphraseFile: 'secret' },
  ]);
  assert.match(stdout, /platform +abcd\n[^]*artifacts +3\n[^]*size +1\.2 MB/);
  assert.match(stderr, /database: 12 rows\nwhat is in volumes is not part of a backup: data of shop\/production/);
});

test('a backup without keys says where they have to be kept', async () => {
  const { stderr } = await runMain(['backup', 'create', '--without-keys'], {
    local: { createBackup: async () => ({ ...summary, keysIncluded: false, encrypted: false, sizeBytes: 1 }) },
  });
  assert.match(stderr, /the keys are not in it: keep a copy of the directory keys\//);
});

test('verify ends with 0 for a whole backup, with 2 for a damaged one, and with 6 for one of a newer release', async () => {
  const verified = await runMain(['backup', 'verify', 'today', '--json'], {
    local: { verifyBackup: async () => summary },
  });
  assert.deepEqual([verified.code, JSON.parse(verified.stdout)], [exitCodes.ok, summary]);
  for (const [error, expected] of [
    ['backup_invalid', exitCodes.usage],
    ['backup_too_new', exitCodes.conflict],
  ] as const) {
    const verifyBackup = () => Promise.reject(new CutoverError(error, 'not good'));
    assert.equal((await runMain(['backup', 'verify', 'today'], { local: { verifyBackup } })).code, expected);
  }
});

test('restore asks first, passes on whose the containers are, and says what has to be built again', async () => {
  const asked: RestoreBackupOptions[] = [];
  const missing = [{ project: 'shop', environment: 'production', number: 4, commit: 'a'.repeat(40) }];
  const restoreBackup = async (options: RestoreBackupOptions) => {
    asked.push(options);
    return { ...summary, dataDirectory: '/data', newPlatformId: 'abcd', migrated: [], missing };
  };
  const args = ['backup', 'restore', 'today', '--as-copy', '--data-dir', '/data'];
  const declined = await runMain(args, { answer: 'n', local: { restoreBackup } });
  assert.deepEqual(
    [declined.code, declined.questions, asked],
    [exitCodes.usage, ['Restore today into /data? [y/N] '], []],
  );
  const { code, stderr } = await runMain([...args, '-y'], { local: { restoreBackup } });
  assert.equal(code, exitCodes.ok);
  assert.deepEqual(asked, [{ file: 'today', traces: 'copy', dataDirectory: '/data' }]);
  assert.match(stderr, new RegExp(`cutover deploy shop -e production --commit ${'a'.repeat(40)}`));
  assert.match(stderr, /cutover server start --data-dir \/data/);
  assert.equal((await runMain([...args, '-y', '--adopt'], { local: { restoreBackup } })).code, exitCodes.usage);
});
