import { CutoverError } from '../../../domain/errors.ts';
import type { RouteTarget, SlotNumber } from '../../../domain/route.ts';

/** The highest revision that each host was told: whoever comes with a lower one read its route before somebody else wrote it. */
export class RouteRevisions {
  readonly #told = new Map<string, number>();

  /** Remembers it; false where something newer was told before. Without a revision always true. */
  admit(host: string, revision: number | undefined): boolean {
    if (revision === undefined) return true;
    if (revision < (this.#told.get(host) ?? -Infinity)) return false;
    this.#told.set(host, revision);
    return true;
  }
}

/** Where each host leads; of a slot it is known at once which hosts name it, however many there are of both. */
export class RouteTable extends Map<string, RouteTarget> {
  readonly #hostsOf = new Map<SlotNumber, Set<string>>();

  override set(host: string, target: RouteTarget): this {
    this.#forget(host);
    for (const slot of slotsOf(target)) this.#hostsNaming(slot).add(host);
    return super.set(host, target);
  }

  override delete(host: string): boolean {
    this.#forget(host);
    return super.delete(host);
  }

  override clear(): void {
    this.#hostsOf.clear();
    super.clear();
  }

  /** A slot that serves is not for whoever wants to empty it: it was given to another version meanwhile. Errors: `slot_in_use`. */
  checkUnused(slot: SlotNumber): void {
    for (const host of this.#hostsOf.get(slot) ?? []) {
      if (this.get(host)?.mode === 'serve')
        throw new CutoverError('slot_in_use', `slot ${slot} was to be emptied while ${host} is served by it`);
    }
  }

  #hostsNaming(slot: SlotNumber): Set<string> {
    const known = this.#hostsOf.get(slot) ?? new Set();
    this.#hostsOf.set(slot, known);
    return known;
  }

  #forget(host: string): void {
    const target = this.get(host);
    for (const slot of target === undefined ? [] : slotsOf(target)) {
      const hosts = this.#hostsOf.get(slot);
      hosts?.delete(host);
      if (hosts?.size === 0) this.#hostsOf.delete(slot);
    }
  }
}

function slotsOf({ stable, candidate }: RouteTarget): readonly SlotNumber[] {
  return candidate === null || candidate === stable ? [stable] : [stable, candidate];
}
