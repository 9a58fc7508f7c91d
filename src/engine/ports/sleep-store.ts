import type { RouteMode, SlotNumber } from '../../domain/route.ts';

/**
 * What may sleep when nobody uses it, and what does (rule 6). That it sleeps is said by the mode of its route. Error of all:
 * `database_unavailable`.
 */
export interface SleepStore {
  /** Every environment that serves from instances and may be put to sleep, or is asleep. */
  sleepers(): Promise<readonly Sleeper[]>;
  /**
   * Asks for what serves to be claimed and put to sleep. Nothing where it does not serve any more, where something is wanted of it, deployed
   * or observed, or waits to be deployed: resolves to whether it was asked.
   */
  requestSleep(deploymentId: string): Promise<boolean>;
  /** Asks for what sleeps behind these hosts to be claimed and woken, unless it is being deployed to. */
  requestWake(hosts: readonly string[]): Promise<void>;
  /**
   * What did not come up, a while ago, is asleep again, to be woken by the next visitor, unless something is deployed there or waits to be. Resolves to the ids of
   * its environments.
   */
  forgiveFailedWakes(): Promise<readonly string[]>;
}

export interface Sleeper {
  readonly environmentId: string;
  /** That serves. */
  readonly deploymentId: string;
  readonly slot: SlotNumber;
  readonly mode: RouteMode;
  /** How long nobody must have used it; null: it is not put to sleep. */
  readonly sleepAfterMs: number | null;
}
