import { readFile } from 'node:fs/promises';
import type { ListeningPorts } from '../../../engine/ports/runtime.ts';

const listenState = '0A';
/** Docker's own name server inside the container; not the app's doing. */
const dockerNameServer = '127.0.0.11';

interface Listener {
  readonly address: string;
  readonly port: number;
}

/** What listens in the network namespace of a process, as the host's kernel sees it: nothing has to be in the image for it. */
export async function listeningPorts(pid: number): Promise<ListeningPorts> {
  const tables = await Promise.all([readTable(`/proc/${pid}/net/tcp`), readTable(`/proc/${pid}/net/tcp6`)]);
  return summarise(tables.flatMap(parseTable));
}

/** '' when the process is gone, or the kernel does not tell us (not root, not Linux). */
async function readTable(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'EACCES' || code === 'EPERM' || code === 'ESRCH' || code === 'EINVAL') return '';
    throw error;
  }
}

export function parseTable(text: string): readonly Listener[] {
  const rows = text
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/));
  return rows.filter((columns) => columns[3] === listenState).map((columns) => parseEndpoint(columns[1] ?? ''));
}

/** `0100007F:1F90`: 32-bit words in the machine's byte order, which is little-endian on every architecture we run on. */
function parseEndpoint(text: string): Listener {
  const [address = '', port = ''] = text.split(':');
  const words = address.match(/.{8}/g) ?? [];
  const bytes = words
    .flatMap((word) => (word.match(/../g) ?? []).toReversed())
    .map((byte) => Number.parseInt(byte, 16));
  return { address: formatAddress(bytes), port: Number.parseInt(port, 16) };
}

function formatAddress(bytes: readonly number[]): string {
  if (bytes.length === 4) return bytes.join('.');
  const isMapped = bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 255 && bytes[11] === 255;
  if (isMapped) return bytes.slice(12).join('.');
  return bytes.slice(0, 15).every((byte) => byte === 0) ? (bytes[15] === 1 ? '::1' : '::') : 'v6';
}

export function summarise(listeners: readonly Listener[]): ListeningPorts {
  const ofApp = listeners.filter(({ address }) => address !== dockerNameServer);
  const isLoopback = ({ address }: Listener): boolean => address.startsWith('127.') || address === '::1';
  const open = ascending(ofApp.filter((listener) => !isLoopback(listener)));
  const loopbackOnly = ascending(ofApp.filter(isLoopback)).filter((port) => !open.includes(port));
  return { open, loopbackOnly };
}

function ascending(listeners: readonly Listener[]): readonly number[] {
  return [...new Set(listeners.map(({ port }) => port))].toSorted((a, b) => a - b);
}
