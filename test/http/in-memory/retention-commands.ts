import { CutoverError } from '../../../src/domain/errors.ts';
import type { RetentionPlan } from '../../../src/domain/retention-plan.ts';
import type { StoredArtifact } from '../../../src/domain/retention.ts';
import { defaultRetentionSettings, retentionSettingsProblem } from '../../../src/domain/retention-settings.ts';
import { mayAccess, type Actor, type Permission } from '../../../src/domain/roles.ts';
import type { RetentionCommands } from '../../../src/engine/commands/commands.ts';

function requireInstallation(actor: Actor, permission: Permission): void {
  if (!mayAccess(actor, permission, null)) throw new CutoverError('forbidden', `${actor.name} may not ${permission}`);
}

function image(id: string, sizeBytes: number): StoredArtifact {
  return {
    type: 'image',
    id: `sha256:${id.repeat(64)}`,
    sizeBytes,
    named: true,
    foreignTags: [],
    lastUsedAt: 0,
    uses: [],
    awaitedBy: null,
  };
}

const past = { id: 'd1', environment: 'production', endedAt: Date.parse('2026-01-01'), newer: 20, logsNeededBy: null };

/** One image stays, one goes, in two runs; and the logs of one deployment. */
export function retentionCommands(): RetentionCommands {
  let settings = defaultRetentionSettings;
  let gone = false;
  const going = {
    artifact: image('b', 118_000_000),
    rule: 'over-budget',
    why: 'beyond the budget of 10.0 GB',
  } as const;
  const logs = { ...past, project: 'my-app', number: 1, bytes: 4_200 };
  const plan = (): RetentionPlan => ({
    settings,
    artifacts: {
      kept: [{ artifact: image('a', 120_000_000), rule: 'in-use', why: 'what #5 of my-app runs in production' }],
      going: gone ? [] : [going],
    },
    logs: gone ? [] : [logs],
    history: [],
    more: false,
  });
  return {
    async settings(actor) {
      requireInstallation(actor, 'read');
      return settings;
    },
    async update(actor, change) {
      requireInstallation(actor, 'administer');
      const changed = { ...settings, ...change };
      const problem = retentionSettingsProblem(changed);
      if (problem !== null) throw new CutoverError('invalid_input', problem);
      settings = changed;
      return settings;
    },
    async plan(actor) {
      requireInstallation(actor, 'administer');
      return plan();
    },
    async run(actor) {
      requireInstallation(actor, 'administer');
      const removed = plan().artifacts.going;
      const first = !gone;
      gone = true;
      return {
        removed,
        stayed: [],
        logs: first ? [logs] : [],
        history: [],
        givenBackBytes: first ? 2_000_000 : 0,
        more: first,
      };
    },
  };
}
