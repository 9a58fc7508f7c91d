import { mkdir, open, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RouterServer } from '../../../engine/ports/router.ts';
import { CutoverError } from '../../../domain/errors.ts';
import type { HostGuard, RouteTarget, SlotNumber } from '../../../domain/route.ts';
import { renderBundlesMap, renderConfig, renderGuardsMap, renderHostsMap, renderSpecialMap } from './config.ts';
import { CounterBook, type StoredEntry } from './counter-book.ts';
import type { HaproxyRouterOptions, RouterPaths } from './options.ts';
import { errorCode } from './error-code.ts';
import { holdLimitSeconds, renderHoldScript } from './hold-script.ts';
import { renderPages } from './pages.ts';
import { RouterModel } from './router-model.ts';

interface StoredState {
  readonly format: 1;
  readonly capacity: number;
  readonly nextGeneration: number;
  readonly routes: readonly (readonly [string, RouteTarget])[];
  /** A state that an earlier release wrote has none. */
  readonly guards?: readonly (readonly [string, HostGuard])[];
  readonly servers: readonly {
    readonly slot: SlotNumber;
    readonly server: RouterServer;
    readonly generation: number;
    readonly draining: boolean;
  }[];
  readonly counters: readonly StoredEntry[];
}

/** The router's files. What HAProxy reads at a start always fits together: each file is replaced whole, a map after what it points at. */
export class RouterDisk {
  readonly #options: HaproxyRouterOptions;
  readonly #paths: RouterPaths;
  readonly #lua: boolean;
  readonly #written = new Map<string, string>();

  /** `lua`: the HAProxy can run scripts. */
  constructor(options: HaproxyRouterOptions, paths: RouterPaths, lua: boolean) {
    this.#options = options;
    this.#paths = paths;
    this.#lua = lua;
  }

  async load(): Promise<{ model: RouterModel; counters: CounterBook }> {
    const text = await readOrNull(this.#paths.state);
    if (text === null)
      return { model: new RouterModel(this.#options.initialSlots ?? 1000), counters: new CounterBook() };
    const state: StoredState = JSON.parse(text);
    const model = new RouterModel(state.capacity);
    model.nextGeneration = state.nextGeneration;
    for (const { slot, ...record } of state.servers) model.slots.set(slot, [...model.servers(slot), record]);
    // A state that an earlier release wrote has neither mode nor observed.
    const plain = { mode: 'serve', observed: false } as const;
    for (const [host, target] of state.routes) model.routes.set(host, { ...plain, ...target });
    for (const [host, guard] of state.guards ?? []) model.guards.set(host, guard);
    return { model, counters: new CounterBook(state.counters) };
  }

  /** Resolves to true if HAProxy's configuration on disk was another one, apart from servers and routes that this process wrote. */
  async prepare(model: RouterModel, counters: CounterBook): Promise<boolean> {
    await mkdir(this.#paths.pages, { recursive: true, mode: 0o700 });
    for (const page of renderPages()) await this.#replace(join(this.#paths.pages, page.name), page.content);
    const script = renderHoldScript(this.#paths.hostsMap, this.#options.holdSeconds ?? holdLimitSeconds);
    const scriptBefore = await readOrNull(this.#paths.holdScript);
    await this.#replace(this.#paths.holdScript, script);
    const before = await readOrNull(this.#paths.config);
    await this.save(model, counters);
    return before !== null && (before !== this.#written.get(this.#paths.config) || scriptBefore !== script);
  }

  /** All files as the model says; those that would not change are left alone. */
  async save(model: RouterModel, counters: CounterBook): Promise<void> {
    try {
      await this.#replace(this.#paths.bundlesMap, renderBundlesMap(model));
      await this.#replace(this.#paths.config, renderConfig(model, this.#options, this.#paths, this.#lua));
      // Side by side: one is for HAProxy and the other for us.
      const state = this.#replace(this.#paths.state, renderState(model, counters));
      await Promise.allSettled([this.#saveHosts(model), state]).then(rejectIfAny);
    } catch (cause) {
      const full = errorCode(cause) === 'ENOSPC';
      const message = `the router's files in ${this.#paths.dir} could not be written`;
      throw new CutoverError(full ? 'disk_full' : 'router_unavailable', message, { cause });
    }
  }

  /** At every moment the map of special hosts names those that the map of hosts has, and whoever is guarded is so before he is found. */
  async #saveHosts(model: RouterModel): Promise<void> {
    const { hostsMap, specialMap, guardsMap } = this.#paths;
    const hosts = renderHostsMap(model);
    const before = this.#written.get(hostsMap) ?? (await readOrNull(hostsMap)) ?? '';
    await this.#replace(specialMap, renderSpecialMap(before, hosts));
    await this.#replace(guardsMap, renderGuardsMap(model));
    await this.#replace(hostsMap, hosts);
    await this.#replace(specialMap, renderSpecialMap(hosts));
  }

  async #replace(path: string, content: string): Promise<void> {
    if (this.#written.get(path) === content) return;
    const temporary = `${path}.new`;
    const file = await open(temporary, 'w', 0o600);
    try {
      await writeFile(file, content);
      await file.datasync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    this.#written.set(path, content);
  }
}

function rejectIfAny(results: readonly PromiseSettledResult<void>[]): void {
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}

function renderState(model: RouterModel, counters: CounterBook): string {
  const state: StoredState = {
    format: 1,
    capacity: model.capacity,
    nextGeneration: model.nextGeneration,
    routes: [...model.routes],
    guards: [...model.guards],
    servers: [...model.slots].flatMap(([slot, record]) => record.map((one) => ({ slot, ...one }))),
    counters: counters.stored(),
  };
  return JSON.stringify(state);
}

async function readOrNull(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  }
}
