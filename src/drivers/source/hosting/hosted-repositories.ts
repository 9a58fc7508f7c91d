import { mkdir, rm } from 'node:fs/promises';
import { CutoverError } from '../../../domain/errors.ts';
import type {
  Decide,
  GitExchange,
  GitRepositories,
  GitService,
  PushedCommits,
  ReceivedPush,
  RefChange,
} from '../../../engine/ports/git-repositories.ts';
import { unlessQuiet } from '../../incoming/unless-quiet.ts';
import { serveGit } from './git-service.ts';
import { HostedRepository } from './hosted-repository.ts';
import { hiddenRefs, prepareHosting } from './hosting-environment.ts';
import { flushPacket, MalformedPackets, packet, PacketReader } from './packet-lines.ts';
import { PushAnswer } from './push-answer.ts';
import { removeLeftBehind } from './left-behind.ts';
import { readPushedCommits } from './pushed-commits.ts';
import { readPushRequest } from './push-request.ts';
import { receivePush, refusePush } from './receive-push.ts';
import { Receptions } from './receptions.ts';
import { packedSize } from './repository-size.ts';
import { hostedRepositoryPath, listHosted, repositoriesIn } from './repository-path.ts';

export interface HostedRepositoriesOptions {
  /** Absolute path of a directory that belongs to them alone. */
  readonly dir: string;
  /** Of one repository as it is kept, compressed. */
  readonly maxBytes: number;
  /** Of each Git command but those that talk to a caller. */
  readonly timeoutMs: number;
  /** Of a whole push or fetch, as long as the caller takes to send and to read. Default: an hour. */
  readonly exchangeMs?: number;
  /** Without a byte for so long a push has ended. Default: a minute. */
  readonly quietMs?: number;
}

const defaultExchangeMs = 60 * 60_000;
const defaultQuietMs = 60_000;
/** Of those that a repository has before they are made into one. */
const mostPacks = 50;

/** Git's own `receive-pack` and `upload-pack` over bare repositories. One control plane at a time may use the directory. */
export async function createHostedRepositories(options: HostedRepositoriesOptions): Promise<GitRepositories> {
  await mkdir(repositoriesIn(options.dir), { recursive: true, mode: 0o700 });
  await removeLeftBehind(options.dir);
  return new HostedRepositories(options, await prepareHosting(options.dir, options.maxBytes));
}

class HostedRepositories implements GitRepositories {
  readonly #options: HostedRepositoriesOptions;
  readonly #environment: Readonly<Record<string, string>>;
  readonly #receptions = new Receptions();

  constructor(options: HostedRepositoriesOptions, environment: Readonly<Record<string, string>>) {
    this.#options = options;
    this.#environment = environment;
  }

  async advertise(projectId: string, service: GitService, { protocol, send, signal }: GitExchange): Promise<void> {
    const { path } = await this.#ensured(projectId);
    const version = service === 'git-upload-pack' ? gitProtocol(protocol) : {};
    // The second version of the protocol, which only fetches speak, has no line before its capabilities.
    if (!('GIT_PROTOCOL' in version)) {
      await send(packet(`# service=${service}\n`));
      await send(flushPacket);
    }
    await serveGit({
      args: [service.slice('git-'.length), '--stateless-rpc', '--advertise-refs', path],
      environment: { ...this.#environment, ...hiddenRefs, ...version },
      body: empty(),
      read: passOn(send),
      signal: this.#limited(signal),
    });
  }

  async upload(projectId: string, { protocol, body, send, signal }: GitExchange): Promise<void> {
    const { path } = await this.#ensured(projectId);
    const limited = this.#limited(signal);
    await serveGit({
      args: ['upload-pack', '--stateless-rpc', path],
      environment: { ...this.#environment, ...hiddenRefs, ...gitProtocol(protocol) },
      body: this.#unlessQuiet(body, limited),
      read: passOn(send),
      signal: limited,
    });
  }

  async receive(
    { projectId, pushId, refusal = null }: ReceivedPush,
    exchange: GitExchange,
    decide: Decide,
  ): Promise<void> {
    const signal = this.#limited(exchange.signal);
    const packets = new PacketReader(this.#unlessQuiet(exchange.body, signal));
    const request = await readPushRequest(packets).catch(refuseMalformed);
    // A pusher that asks only whether it may.
    if (request.changes.length === 0) return;
    const repository = await this.#ensured(projectId);
    const { maxBytes } = this.#options;
    const environment = this.#environment;
    const receptions = this.#receptions;
    using answer = new PushAnswer((chunk) => exchange.send(chunk), request.capabilities);
    try {
      const push = { repository, pushId, request, packets, answer, environment, maxBytes, signal, receptions };
      if (refusal === null) await receivePush(push, decide);
      else await refusePush(push, refusal);
    } catch (error) {
      answer.fail(shown(error));
      throw error;
    } finally {
      await answer.sent();
    }
  }

  find(projectId: string, ref: string): Promise<string | null> {
    return this.#of(projectId).find(ref);
  }

  async move(projectId: string, change: RefChange): Promise<boolean> {
    return (await this.#ensured(projectId)).move(change);
  }

  async pushed(projectId: string, before: string | null, commit: string): Promise<PushedCommits | null> {
    const repository = await this.#ensured(projectId);
    return (await repository.has(commit)) ? readPushedCommits(repository, before, commit) : null;
  }

  async held(projectId: string): Promise<readonly string[]> {
    const repository = this.#of(projectId);
    return (await repository.exists()) ? repository.held() : [];
  }

  async letGo(projectId: string, pushId: string): Promise<void> {
    const repository = this.#of(projectId);
    if (!(await repository.exists())) return;
    await repository.letGo(pushId);
  }

  async tidy(projectId: string): Promise<void> {
    const repository = this.#of(projectId);
    if ((await packedSize(repository.path)).packs > mostPacks) await repository.git(['gc', '--quiet']);
  }

  list(): Promise<readonly string[]> {
    return listHosted(this.#options.dir);
  }

  async remove(projectId: string): Promise<void> {
    await rm(this.#of(projectId).path, { recursive: true, force: true, maxRetries: 3 });
  }

  async #ensured(projectId: string): Promise<HostedRepository> {
    const repository = this.#of(projectId);
    await repository.ensure();
    return repository;
  }

  #of(projectId: string): HostedRepository {
    const { dir, timeoutMs } = this.#options;
    return new HostedRepository({
      path: hostedRepositoryPath(dir, projectId),
      environment: this.#environment,
      timeoutMs,
    });
  }

  #unlessQuiet(body: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncIterable<Uint8Array> {
    return unlessQuiet(body, this.#options.quietMs ?? defaultQuietMs, signal);
  }

  #limited(signal: AbortSignal): AbortSignal {
    return AbortSignal.any([signal, AbortSignal.timeout(this.#options.exchangeMs ?? defaultExchangeMs)]);
  }
}

/** What comes from outside reaches Git's environment only where it is known to it. */
function gitProtocol(given: string | null): { GIT_PROTOCOL: string } | {} {
  return given?.split(':').includes('version=2') === true ? { GIT_PROTOCOL: 'version=2' } : {};
}

function passOn(send: GitExchange['send']) {
  return async (output: AsyncIterable<Uint8Array>): Promise<void> => {
    for await (const chunk of output) await send(chunk);
  };
}

async function* empty(): AsyncGenerator<Uint8Array> {}

function refuseMalformed(error: unknown): never {
  if (!(error instanceof MalformedPackets)) throw error;
  throw new CutoverError('invalid_input', `this is no push: ${error.message}`, { cause: error });
}

function shown(error: unknown): string {
  if (error instanceof CutoverError && error.code !== 'internal') return `${error.message}. ${error.next}`;
  return 'the push failed for a reason that only the log of the control plane tells';
}
