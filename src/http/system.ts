import type { InvariantReport } from '../contract/schemas/invariants.ts';
import type { DiskUsage, DoctorReport, ServerStatus } from '../contract/schemas/system.ts';

import type { Metric } from './wire/metrics.ts';

/** What the API tells about the process it runs in. The daemon implements it. */
export interface System {
  /** Version of the product. */
  readonly version: string;
  /** Versions, ports and whether each part answers; a part that does not is reported, not thrown. */
  status(signal: AbortSignal): Promise<ServerStatus>;
  /** Every prerequisite with its fix; resolves also when checks fail. */
  doctor(signal: AbortSignal): Promise<DoctorReport>;
  /** Looks at the whole platform now. Errors: `runtime_unavailable`, `router_unavailable`, `database_unavailable`. */
  invariants(signal: AbortSignal): Promise<InvariantReport>;
  /** What takes room on the disks. Errors: `runtime_unavailable`, `database_unavailable`. */
  diskUsage(signal: AbortSignal): Promise<DiskUsage>;
  /** What is known without asking anything. */
  metrics(): readonly Metric[];
}
