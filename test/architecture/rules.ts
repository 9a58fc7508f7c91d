import { roomOf, type Module } from './modules.ts';

/** Who may import whom: a room, or a folder of one. A room's own files are always open to it, but for drivers. */
const doors: Readonly<Record<string, readonly string[]>> = {
  domain: [],
  contract: ['domain'],
  engine: ['domain'],
  store: ['domain', 'engine/ports'],
  drivers: ['domain', 'engine/ports'],
  http: ['domain', 'contract', 'engine/commands', 'engine/ports'],
  cli: ['contract'],
  web: ['contract'],
  daemon: ['domain', 'contract', 'engine', 'store', 'drivers', 'http', 'cli', 'web'],
};

/** What several drivers read, and how: they know none of them, and no state of their own. */
const sharedDrivers = ['drivers/archive', 'drivers/incoming'];

/** Imports that no door allows, one sentence each. */
export function forbiddenImports(modules: readonly Module[]): string[] {
  return modules.flatMap((module) =>
    module.internal
      .filter((target) => !isOpen(module.path, target))
      .map((target) => `${module.path} may not import ${target}`),
  );
}

function isOpen(from: string, to: string): boolean {
  if (homeOf(from) === homeOf(to)) return true;
  if (roomOf(from) === 'drivers' && sharedDrivers.includes(homeOf(to))) return true;
  return (doors[roomOf(from)] ?? []).some((open) => to.startsWith(`${open}/`));
}

/** Drivers are at home in their family's folder only: one driver does not know another. */
function homeOf(path: string): string {
  return roomOf(path) === 'drivers' ? path.split('/').slice(0, 2).join('/') : roomOf(path);
}

/** Domain knows nothing; the contract knows zod. Neither knows Node. */
export function impureImports(modules: readonly Module[]): string[] {
  const allowed: Readonly<Record<string, readonly string[]>> = { domain: [], contract: ['zod'] };
  return modules.flatMap((module) => {
    const open = allowed[roomOf(module.path)];
    if (open === undefined) return [];
    return module.external
      .filter((target) => !open.includes(target))
      .map((target) => `${module.path} may not import ${target}`);
  });
}

/** One line per cycle of modules that load each other: `a.ts -> b.ts -> a.ts`. */
export function importCycles(modules: readonly Module[]): string[] {
  const targets = new Map(modules.map((module) => [module.path, module.loaded]));
  const finished = new Set<string>();
  const cycles: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) cycles.push([...trail.slice(trail.indexOf(path)), path].join(' -> '));
    if (finished.has(path) || trail.includes(path)) return;
    for (const target of targets.get(path) ?? []) visit(target, [...trail, path]);
    finished.add(path);
  };
  for (const module of modules) visit(module.path, []);
  return cycles;
}

/** Configuration comes from the environment in one room only; everybody else is given it. */
export function environmentReaders(modules: readonly Module[]): string[] {
  return modules
    .filter((module) => roomOf(module.path) !== 'daemon' && /\bprocess\.env\b/.test(module.source))
    .map((module) => module.path);
}

const maxLines = 400;

export function longFiles(sources: ReadonlyMap<string, string>): string[] {
  return [...sources]
    .map(([path, source]) => ({ path, lines: source.split('\n').length - 1 }))
    .filter(({ lines }) => lines > maxLines)
    .map(({ path, lines }) => `${path} has ${lines} lines`);
}

/** Names that say nothing about what is inside. */
export function emptyNames(paths: Iterable<string>): string[] {
  return [...paths].filter((path) =>
    path.split('/').some((part) => /^(?:utils?|helpers?|common|managers?|misc)(?:\.|$)/.test(part)),
  );
}

export function unknownRooms(modules: readonly Module[]): string[] {
  return [...new Set(modules.map((module) => roomOf(module.path)))].filter((room) => !(room in doors));
}
