import type { RouterSnapshot } from '../../../engine/ports/router.ts';
import type { RouteTarget, SlotNumber } from '../../../domain/route.ts';
import { generationOf, nameOf, parseGuardValue, parseRouteValue, slotName, slotNumber } from './names.ts';
import type { LiveSlot } from './runtime-commands.ts';
import type { Worker } from './workers.ts';

/** What one worker has now. */
export interface LiveState {
  readonly slots: ReadonlyMap<SlotNumber, LiveSlot>;
  readonly hosts: ReadonlyMap<string, string>;
  /** Those that the map of special hosts names. */
  readonly special: ReadonlySet<string>;
  readonly guards: ReadonlyMap<string, string>;
  readonly addresses: ReadonlyMap<string, string>;
}

const administrativelyOut = 0x01 | 0x02 | 0x08 | 0x10;

export async function readLiveState(
  worker: Worker,
  maps: {
    readonly hostsMap: string;
    readonly specialMap: string;
    readonly guardsMap: string;
    readonly bundlesMap: string;
  },
  signal: AbortSignal,
): Promise<LiveState> {
  // One by one: an empty map answers with an empty line, which would be lost between the others.
  const ask = async (command: string) => (await worker.query([command], signal))[0] ?? '';
  const servers = await ask('show servers state');
  const hosts = parseMap(await ask(`show map ${maps.hostsMap}`));
  const special = parseMap(await ask(`show map ${maps.specialMap}`));
  const guards = parseMap(await ask(`show map ${maps.guardsMap}`));
  const bundles = parseMap(await ask(`show map ${maps.bundlesMap}`));
  return { ...parseServers(servers, bundles), hosts, special: new Set(special.keys()), guards };
}

/** Of several servers of one name there is one. */
export async function readServerNames(
  worker: Worker,
  slot: SlotNumber,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const [answer = ''] = await worker.query([`show servers state ${slotName(slot)}`], signal);
  const { slots } = parseServers(answer, new Map());
  return [...new Set([...(slots.get(slot)?.servers.keys() ?? [])].map(nameOf))];
}

/** Columns of `show servers state`: 1 backend, 3 server, 4 address, 6 administrative state, 18 port. */
function parseServers(servers: string, bundles: Map<string, string>): Pick<LiveState, 'slots' | 'addresses'> {
  const slots = new Map<SlotNumber, { servers: Map<string, boolean>; bundle: string | null }>();
  const addresses = new Map<string, string>();
  for (const line of servers.split('\n')) {
    const columns = line.split(' ');
    const slot = slotNumber(columns[1] ?? '');
    const name = columns[3];
    if (slot === null || name === undefined) continue;
    const entry = slots.get(slot) ?? {
      servers: new Map<string, boolean>(),
      bundle: bundles.get(slotName(slot)) ?? null,
    };
    entry.servers.set(name, (Number(columns[6]) & administrativelyOut) === 0);
    slots.set(slot, entry);
    addresses.set(`${slot}/${name}`, `${columns[4]}:${columns[18]}`);
  }
  for (const [backend, bundle] of bundles) {
    const slot = slotNumber(backend);
    if (slot !== null && !slots.has(slot)) slots.set(slot, { servers: new Map(), bundle });
  }
  return { slots, addresses };
}

/** `show map`: an address, the key, the value. */
function parseMap(text: string): Map<string, string> {
  const entries = text
    .split('\n')
    .map((line) => line.split(' '))
    .filter((columns) => columns.length >= 3);
  return new Map(entries.map((columns) => [columns[1] ?? '', columns[2] ?? '']));
}

/** Of several servers of one name the newest counts; the older ones only finish what they have. */
export function toSnapshot(live: LiveState): RouterSnapshot {
  const routes = [...live.hosts].flatMap(([host, value]): [string, RouteTarget][] => {
    const target = parseRouteValue(value);
    return target === null ? [] : [[host, target]];
  });
  const servers = [...live.slots].flatMap(([slot, { servers: found, bundle }]) =>
    newest([...found.keys()]).map((name) => ({
      slot,
      name: nameOf(name),
      endpoint: bundle === null ? (live.addresses.get(`${slot}/${name}`) ?? '') : `static:${bundle.split(':')[0]}`,
      draining: found.get(name) === false,
    })),
  );
  const guards = [...live.guards].map(([host, value]) => [host, parseGuardValue(value)] as const);
  return { routes: new Map(routes), guards: new Map(guards), servers };
}

function newest(names: readonly string[]): string[] {
  const byName = new Map<string, string>();
  for (const name of names) {
    const known = byName.get(nameOf(name));
    if (known === undefined || generationOf(known) < generationOf(name)) byName.set(nameOf(name), name);
  }
  return [...byName.values()];
}
