import { CutoverError } from '../../../src/domain/errors.ts';
import { ofPlatform } from '../../../src/domain/platform-repository.ts';
import type { Actor } from '../../../src/domain/roles.ts';
import type { PushCommands } from '../../../src/engine/commands/push-commands.ts';
import type { GitExchange } from '../../../src/engine/ports/git-repositories.ts';
import type { Platform } from './platform.ts';

/** Says back what it was asked, so that a test sees what reached it; no Git runs. */
export function pushCommands(platform: Platform): PushCommands {
  const held = (actor: Actor, name: string, permission: 'read' | 'deploy') => {
    const { project, environments } = platform.project(actor, name, permission);
    if (ofPlatform(project.repository) === null)
      throw new CutoverError('repository_elsewhere', `the project "${name}" reads its code from ${project.repository}`);
    return { project, environments };
  };
  return {
    async remote(actor, name) {
      const { environments } = held(actor, name, 'read');
      const branches = [...environments.values()].map((one) => ({
        branch: one.settings.branch,
        environments: [one.name],
      }));
      return { url: `http://cutover.example/git/${name}.git`, branches };
    },
    // oxlint-disable-next-line eslint/max-params -- the interface's own
    async advertise(actor, name, service, exchange) {
      held(actor, name, 'deploy');
      await echo(`advertise ${service}`, exchange);
    },
    async upload(actor, name, exchange) {
      held(actor, name, 'deploy');
      await echo('upload', exchange);
    },
    async push(actor, name, exchange) {
      held(actor, name, 'deploy');
      await echo('push', exchange);
    },
  };
}

async function echo(what: string, { body, send }: GitExchange): Promise<void> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  await send(Buffer.from(`${what}: ${Buffer.concat(chunks).toString()}`));
}
