import type { InvariantReport } from '../../contract/schemas/invariants.ts';
import { violationCatalogue } from '../../domain/violation-catalogue.ts';
import type { Sighting, WatchdogReport } from '../../engine/observe/invariants/watchdog.ts';

/** What the watchdog sees, with what to do. */
export function invariantReport({ at, violations, suspicions }: WatchdogReport): InvariantReport {
  return { at, violations: violations.map(withNext), suspicions: suspicions.map(withNext) };
}

function withNext(seen: Sighting) {
  return { ...seen, next: violationCatalogue[seen.code].next };
}
