import type { RefChange } from '../../../engine/ports/git-repositories.ts';
import { flushPacket, MalformedPackets, packet, type PacketReader } from './packet-lines.ts';

/** What a push asks for, before the objects that it brings. */
export interface PushRequest {
  readonly changes: readonly RefChange[];
  readonly capabilities: readonly string[];
  /** Lines that say where the history of the pusher ends, passed on as they came. */
  readonly shallow: readonly string[];
}

const mostLines = 200;
const nothing = '0'.repeat(40);
const changeLine = /^([0-9a-f]{40}) ([0-9a-f]{40}) (refs\/[\x21-\x7e\x80-\uffff]{1,500})$/;

/** Error: `MalformedPackets`. */
export async function readPushRequest(packets: PacketReader): Promise<PushRequest> {
  const changes: RefChange[] = [];
  const shallow: string[] = [];
  let capabilities: readonly string[] = [];
  for (let count = 0; ; count += 1) {
    const next = await packets.next();
    if (next === 'flush' || next === 'end') return { changes, capabilities, shallow };
    if (count >= mostLines) throw new MalformedPackets(`a push may change ${mostLines} branches and tags at most`);
    const [line = '', given] = next.toString('utf8').replace(/\n$/, '').split('\0', 2);
    if (given !== undefined) capabilities = given.split(' ').filter((name) => name !== '');
    if (/^shallow [0-9a-f]{40}$/.test(line)) shallow.push(line);
    else changes.push(parseChange(line));
  }
}

function parseChange(line: string): RefChange {
  const [, from, to, ref] = changeLine.exec(line) ?? [];
  if (from === undefined || to === undefined || ref === undefined)
    throw new MalformedPackets('the push asks for what is not known here');
  return { ref, from: from === nothing ? null : from, to: to === nothing ? null : to };
}

/** The same request for a `receive-pack` that is to make new refs with what is pushed, under names of our own. */
export function heldRequest({ shallow, capabilities }: PushRequest, held: readonly HeldChange[]): Buffer {
  const passedOn = ['report-status', 'side-band-64k', ...capabilities.filter((name) => name === 'quiet')];
  const lines = held.map(({ name, to }, index) => {
    const line = `${nothing} ${to} ${name}`;
    return packet(index === 0 ? `${line}\0 ${passedOn.join(' ')}` : line);
  });
  return Buffer.concat([...shallow.map((line) => packet(line)), ...lines, flushPacket]);
}

export interface HeldChange {
  /** Under which it is held. */
  readonly name: string;
  readonly to: string;
}
