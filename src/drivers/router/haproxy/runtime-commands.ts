import type { SlotNumber } from '../../../domain/route.ts';
import { slotBundle } from './config.ts';
import { guardValue, isSpecial, liveName, routeValue, slotName } from './names.ts';
import type { Changes, HostRecord, SlotRecord } from './router-model.ts';
import { isChecked, serverAddress, serverOptions } from './server-options.ts';

/** What HAProxy has in one slot: by server, whether it is in rotation; and its line in the map of bundles. */
export interface LiveSlot {
  readonly servers: ReadonlyMap<string, boolean>;
  readonly bundle: string | null;
}

/** What HAProxy has for a host: its value in the map of hosts, whether the map of special ones names it, and its value in that of guards. */
interface LiveHost {
  readonly value: string | null;
  readonly special: boolean;
  readonly guard: string | null;
}

export interface CommandContext {
  readonly hostsMap: string;
  readonly specialMap: string;
  readonly guardsMap: string;
  readonly bundlesMap: string;
  readonly staticEndpoint: string;
}

/** A target is in place before a host points at it, and hosts leave a slot before its servers do. */
export function commandsForChanges(changes: Changes, context: CommandContext): string[] {
  const slots = changes.slots.map(({ slot, from, to }) => commandsForSlot(slot, asLive(from), to, context));
  const hosts = changes.hosts.flatMap(({ host, from, to }) => commandsForHost(host, hostAsLive(from), to, context));
  return [...slots.flatMap((one) => one.adding), ...hosts, ...slots.flatMap((one) => one.removing)];
}

/** A host is named as a special one for as long as its route is one, at the least; and guarded for as long as it leads somewhere. */
export function commandsForHost(
  host: string,
  from: LiveHost,
  to: HostRecord,
  { hostsMap, specialMap, guardsMap }: CommandContext,
): string[] {
  const { value, special, guard } = hostAsLive(to);
  const named = from.special || special;
  return [
    ...mapCommands(specialMap, host, from.special ? '1' : null, named ? '1' : null),
    ...(guard === null ? [] : mapCommands(guardsMap, host, from.guard, guard)),
    ...mapCommands(hostsMap, host, from.value, value),
    ...(guard === null ? mapCommands(guardsMap, host, from.guard, null) : []),
    ...mapCommands(specialMap, host, named ? '1' : null, special ? '1' : null),
  ];
}

function hostAsLive({ target, guard }: HostRecord): LiveHost {
  const value = target === null ? null : routeValue(target, guard);
  return { value, special: isSpecial(value), guard: guard === null ? null : guardValue(guard) };
}

export function commandsForSlot(slot: SlotNumber, from: LiveSlot, to: SlotRecord, context: CommandContext) {
  const backend = slotName(slot);
  const adding = mapCommands(context.bundlesMap, backend, from.bundle, slotBundle(to));
  for (const { server, generation, draining } of to) {
    const target = `${backend}/${liveName(server, generation)}`;
    const inRotation = from.servers.get(liveName(server, generation));
    if (inRotation === undefined) {
      adding.push(`add server ${target} ${serverAddress(server, context.staticEndpoint)} ${serverOptions(server)}`);
      if (isChecked(server)) adding.push(`enable health ${target}`);
      if (!draining) adding.push(`enable server ${target}`);
    } else if (inRotation === draining) {
      adding.push(`set server ${target} state ${draining ? 'drain' : 'ready'}`);
    }
  }
  const kept = new Set(to.map(({ server, generation }) => liveName(server, generation)));
  const gone = [...from.servers].filter(([name, inRotation]) => inRotation && !kept.has(name));
  return { adding, removing: gone.map(([name]) => `set server ${backend}/${name} state maint`) };
}

export function asLive(record: SlotRecord): LiveSlot {
  const servers = record.map((one) => [liveName(one.server, one.generation), !one.draining] as const);
  return { servers: new Map(servers), bundle: slotBundle(record) };
}

function mapCommands(map: string, key: string, from: string | null, to: string | null): string[] {
  if (from === to) return [];
  if (to === null) return [`del map ${map} ${key}`];
  return [`${from === null ? 'add' : 'set'} map ${map} ${key} ${to}`];
}
