import type { HealthCheck, ProbeResult } from '../../domain/health-check.ts';

export type ProbeTarget =
  | { readonly kind: 'instance'; readonly address: string; readonly port: number }
  | { readonly kind: 'static'; readonly bundle: string; readonly spa: boolean };

/** One health probe, from the platform straight to the target, on a connection of its own. Never throws but for an abort. */
export interface Prober {
  probe(target: ProbeTarget, check: HealthCheck, signal: AbortSignal): Promise<ProbeResult>;
}
