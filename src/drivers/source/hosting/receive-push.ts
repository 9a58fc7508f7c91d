import type { Decide, RefChange, RefRefusal } from '../../../engine/ports/git-repositories.ts';
import { GitFailure } from '../git/git-failure.ts';
import { megabytes } from '../git/limits.ts';
import { diskFull, hasNoRoom } from './full-disk.ts';
import { serveGit } from './git-service.ts';
import { heldBelow, type HostedRepository } from './hosted-repository.ts';
import type { PacketReader } from './packet-lines.ts';
import type { PushAnswer } from './push-answer.ts';
import { heldRequest, type HeldChange, type PushRequest } from './push-request.ts';
import type { Receptions } from './receptions.ts';
import { readReceiveReport, type ReceiveReport } from './receive-report.ts';
import { packedSize } from './repository-size.ts';

export interface PushInHand {
  readonly repository: HostedRepository;
  readonly pushId: string;
  readonly request: PushRequest;
  /** What follows the request. */
  readonly packets: PacketReader;
  readonly answer: PushAnswer;
  readonly environment: Readonly<Record<string, string>>;
  readonly maxBytes: number;
  readonly signal: AbortSignal;
  readonly receptions: Receptions;
}

/** Holds what is pushed, asks what becomes of it, and reports that. Errors: those of Git that are not the push's fault, of `decide`, and `disk_full`. */
export async function receivePush(push: PushInHand, decide: Decide): Promise<void> {
  const { answer, request, repository } = push;
  const { unpacked, refusals, diskFull: saidSo } = await hold(push);
  const isRefused = unpacked !== 'ok' || refusals.size > 0;
  // Where it did not: it does not say why it could not write a name.
  if (saidSo || (isRefused && (await hasNoRoom(repository.path)))) {
    await repository.letGo(push.pushId);
    throw diskFull();
  }
  if (unpacked !== 'ok') return reportNone(push, unpacked);
  const own = await Promise.all(
    request.changes.map((change, index) => refusalOf(push, change, refusals.get(heldName(push, index)))),
  );
  const open = request.changes.filter((_, index) => own[index] === null);
  const decided = open.length === 0 ? [] : await decide(open, answer.tell);
  const byRef = new Map(open.map(({ ref }, index): [string, RefRefusal] => [ref, decided[index] ?? null]));
  answer.report(
    unpacked,
    request.changes,
    request.changes.map(({ ref }, index) => own[index] ?? byRef.get(ref) ?? null),
  );
}

/** Reads all of it, as a pusher listens only then, and keeps nothing. */
export async function refusePush(push: PushInHand, why: string): Promise<void> {
  await drain(push.packets);
  reportNone(push, why);
}

function reportNone({ answer, request }: PushInHand, why: string): void {
  const refusals = request.changes.map(() => 'nothing of the push was taken');
  answer.report(why, request.changes, refusals);
}

function heldName({ pushId }: PushInHand, index: number): string {
  return `${heldBelow(pushId)}/${index}`;
}

/** Under names of its own, so that it is there whatever happens, and nothing has moved. */
async function hold(push: PushInHand): Promise<ReceiveReport> {
  const { repository, request, packets, answer, environment, maxBytes, signal, receptions } = push;
  const held = request.changes.flatMap(({ to }, index): HeldChange[] =>
    to === null ? [] : [{ to, name: heldName(push, index) }],
  );
  const { bytes } = await packedSize(repository.path);
  if (held.length === 0 || bytes > maxBytes) {
    await drain(packets);
    const full = `the repository is larger than ${megabytes(maxBytes)}`;
    return { unpacked: held.length === 0 ? 'ok' : full, refusals: new Map(), diskFull: false };
  }
  try {
    return await receptions.during(repository.path, () =>
      serveGit({
        args: ['receive-pack', '--stateless-rpc', repository.path],
        environment,
        body: concat(heldRequest(request, held), packets.rest()),
        read: (output) => readReceiveReport(output, answer),
        signal,
      }),
    );
  } catch (error) {
    if (!(error instanceof GitFailure)) throw error;
    for (const line of error.lines) answer.tell(line);
    return { unpacked: error.message, refusals: new Map(), diskFull: false };
  }
}

async function refusalOf(
  { repository }: PushInHand,
  { ref, to }: RefChange,
  git: string | undefined,
): Promise<RefRefusal> {
  if (git !== undefined) return git;
  if (ref.startsWith('refs/tags/')) return null;
  if (!ref.startsWith('refs/heads/')) return 'only branches and tags are kept here';
  return to === null || (await repository.isCommit(to)) ? null : 'a branch must lead to a commit';
}

async function* concat(first: Uint8Array, rest: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield first;
  yield* rest;
}

async function drain(packets: PacketReader): Promise<void> {
  for await (const _chunk of packets.rest());
}
