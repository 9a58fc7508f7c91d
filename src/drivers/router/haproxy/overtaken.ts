import { CutoverError } from '../../../domain/errors.ts';
import { leadsTo, type RouteTarget, type SlotNumber } from '../../../domain/route.ts';

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

/** A slot that serves is not for whoever wants to empty it: it was given to another version meanwhile. Errors: `slot_in_use`. */
export function checkUnused(slot: SlotNumber, routes: ReadonlyMap<string, RouteTarget>): void {
  for (const [host, target] of routes) {
    if (target.mode === 'serve' && leadsTo(target, slot))
      throw new CutoverError('slot_in_use', `slot ${slot} was to be emptied while ${host} is served by it`);
  }
}
