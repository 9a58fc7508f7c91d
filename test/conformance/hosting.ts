import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { CutoverError } from '../../src/domain/errors.ts';
import type { Actor } from '../../src/domain/roles.ts';
import { createHostedRepositories } from '../../src/drivers/source/hosting/hosted-repositories.ts';
import type { TokenCommands } from '../../src/engine/commands/commands.ts';
import type { PushCommands } from '../../src/engine/commands/push-commands.ts';
import type { Decide, GitRepositories } from '../../src/engine/ports/git-repositories.ts';
import { createGitDoor } from '../../src/http/git/git-door.ts';

/** The one that is pushed to. */
export const project = randomUUID();
const never = new AbortController().signal;
const silent = () => undefined;
export const secret = 'a-token';

export interface Hosting extends AsyncDisposable {
  readonly repositories: GitRepositories;
  readonly dir: string;
  readonly url: string;
  decide: Decide;
  refusal: string | null;
}

/** The repositories behind the real door, where every change is made as it is asked for, unless a test decides otherwise. */
export async function host(maxBytes = 50_000_000, quietMs = 10_000): Promise<Hosting> {
  const dir = await mkdtemp('/tmp/cutover-test-hosting-');
  const repositories = await createHostedRepositories({ dir, maxBytes, timeoutMs: 30_000, quietMs });
  const actor: Actor = { tokenId: 't', name: 'ada', role: 'developer', project: null };
  const tokens: Pick<TokenCommands, 'authenticate'> = {
    authenticate: async (given) => (given === secret ? actor : null),
  };
  const hosting = {
    async decide(changes: Parameters<Decide>[0]) {
      const moved = await Promise.all(changes.map((change) => repositories.move(project, change)));
      return moved.map((done) => (done ? null : 'it has moved'));
    },
    refusal: null,
  } as { decide: Decide; refusal: string | null };
  const pushes: Omit<PushCommands, 'remote'> = {
    // oxlint-disable-next-line eslint/max-params -- the interface's own
    advertise: async (_actor, _name, service, exchange) => {
      if (hosting.refusal === 'at the door') throw new CutoverError('too_busy', 'no place is free');
      await repositories.advertise(project, service, exchange);
    },
    upload: (_actor, _name, exchange) => repositories.upload(project, exchange),
    push: (_actor, _name, exchange) =>
      repositories.receive(
        { projectId: project, pushId: randomUUID(), refusal: hosting.refusal },
        exchange,
        (...asked) => hosting.decide(...asked),
      ),
  };
  const log = { info: silent, warn: silent, error: silent };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the door asks for nothing else of them
  const commands = { tokens, pushes } as Parameters<typeof createGitDoor>[0]['commands'];
  const server = createServer(createGitDoor({ commands, log, shutdown: never }));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return Object.assign(hosting, {
    repositories,
    dir,
    url: `http://ada:${secret}@127.0.0.1:${address.port}/git/app.git`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
      await rm(dir, { recursive: true, force: true });
    },
  });
}
