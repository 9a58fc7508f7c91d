import type { ViolationCode } from './invariants.ts';

interface CatalogueEntry {
  /** The invariant, as it should be. */
  readonly rule: string;
  /** What to do next, shown with every occurrence. */
  readonly next: string;
}

/** Every invariant by the code of its violation. `docs/operations.md` lists the same; a test compares the two. */
export const violationCatalogue: Readonly<Record<ViolationCode, CatalogueEntry>> = {
  several_current: {
    rule: 'An environment has at most one current deployment, and the traffic is its own.',
    next: 'Deploy again: the switch names one version. Then report it with the log of the control plane.',
  },
  not_healthy_when_promoted: {
    rule: 'Every instance that serves has passed the gate.',
    next: 'Deploy again, or go back with `cutover deployments rollback`: both go through the gate.',
  },
  route_to_nothing: {
    rule: 'Routes lead only to instances that exist and run.',
    next: 'Look at `cutover deployments status`, and deploy again if it does not go away by itself.',
  },
  orphan: {
    rule: 'What belongs to nothing is gone after 60 s: containers, networks, slots, servers, routes, work trees and uploads.',
    next: 'Look in the log of the control plane why it cannot be removed; remove it by hand if nothing there wants it.',
  },
  final_state_changed: {
    rule: 'A deployment that failed, was cancelled or was stopped stays so.',
    next: 'Report it with the timeline of the deployment.',
  },
  outcome_not_one: {
    rule: 'What was accepted is one deployment, which ends once.',
    next: 'Trigger again what is lost; report it with the timeline of the deployment.',
  },
  deployment_stuck: {
    rule: 'What is to be done is led, and goes on.',
    next: 'Cancel it (`cutover deployments cancel`) or restart the control plane, which goes on where it was.',
  },
  secret_exposed: {
    rule: 'No secret stands in the journal, a log or an event.',
    next: 'Change the secret, deploy, and find out what printed it.',
  },
};
