import { after, before, describe } from 'node:test';
import { StoreBench } from './bench.ts';
import { contractConformance } from './contract.ts';
import { crashConformance } from './crashes.ts';
import { credentialConformance, sealedCredentialConformance } from './credentials.ts';
import { deletionConformance } from './deletions.ts';
import type { OpenHarness } from './harness.ts';
import { leaseConformance } from './leases.ts';
import { observationConformance } from './observations.ts';
import { pauseConformance } from './pause.ts';
import { projectConformance } from './projects.ts';
import { queueConformance } from './queue.ts';
import { readingConformance } from './reading.ts';
import { requestRollbackConformance } from './request-rollback.ts';
import { rollbackConformance } from './rollback.ts';
import { rolloutWriteConformance } from './rollout-writes.ts';
import { sleepConformance } from './sleep.ts';
import { slotConformance } from './slots.ts';
import { stoppedInstanceConformance } from './stopped-instances.ts';
import { takeOverConformance } from './take-over.ts';
import { tokenConformance } from './tokens.ts';
import { toldOutcomeConformance } from './told-outcomes.ts';
import { variableConformance } from './variables.ts';

const deploymentSuites = {
  'the queue': queueConformance,
  leases: leaseConformance,
  slots: slotConformance,
  'instances that are not to run': stoppedInstanceConformance,
  'what is read': readingConformance,
  'the credential of a repository': sealedCredentialConformance,
  crashes: crashConformance,
  deletions: deletionConformance,
};

const rolloutSuites = {
  'what a rollout writes': rolloutWriteConformance,
  'pause and resume': pauseConformance,
  'sleep and wake': sleepConformance,
  rollbacks: rollbackConformance,
  'going back from a rollout': requestRollbackConformance,
  'taking over': takeOverConformance,
  observations: observationConformance,
  'which outcomes are told': toldOutcomeConformance,
  'the contract step': contractConformance,
};

/** What the ports of deployments and of the world promise, whatever keeps it. */
export function deploymentStoreConformance(driver: string, open: OpenHarness): void {
  onOneBench(`${driver}: deployments`, open, deploymentSuites);
}

/** The same of rollouts and of what is observed of them. */
export function rolloutStoreConformance(driver: string, open: OpenHarness): void {
  onOneBench(`${driver}: rollouts`, open, rolloutSuites);
}

function onOneBench(
  name: string,
  open: OpenHarness,
  suites: Readonly<Record<string, (bench: StoreBench) => void>>,
): void {
  describe(name, () => {
    const bench = new StoreBench(open);
    before(() => bench.open());
    after(() => bench.close());
    for (const [suite, register] of Object.entries(suites)) describe(suite, () => register(bench));
  });
}

/** What the ports of projects, environments, variables and tokens promise. */
export function configurationStoreConformance(driver: string, open: OpenHarness): void {
  describe(`${driver}: projects and environments`, () => projectConformance(open));
  describe(`${driver}: variables (rule 4.2)`, () => variableConformance(open));
  describe(`${driver}: credentials of repositories`, () => credentialConformance(open));
  describe(`${driver}: tokens (rule 9.4)`, () => tokenConformance(open));
}
