import { z } from 'zod';
import { buildVariables, type BuildSecret } from '../../domain/build-secrets.ts';
import { credentialSecrets, type RepositoryCredential } from '../../domain/repository-credential.ts';
import { commitOf, type DeploymentSource } from '../../domain/source.ts';
import { injectedVariables, mergeVariables, type Variables } from '../../domain/variables.ts';
import type { Masker } from '../ports/logs.ts';
import type { SealedCredential } from '../ports/deployment-store.ts';
import type { SecretBox } from '../ports/secret-box.ts';
import { createMasker } from '../masking.ts';
import { openCredential } from './repository-credential.ts';

const valuesSchema = z.record(z.string(), z.string());
const snapshotSchema = z.object({
  project: valuesSchema,
  environment: valuesSchema,
  /** Values that are masked in every log. */
  secrets: z.array(z.string()),
  /** Names of those that builds are given too. */
  build: z.array(z.string()).default([]),
});

/** The variables of a deployment, as they were when it was triggered. */
export type SnapshotVariables = z.output<typeof snapshotSchema>;

export interface OpenConfiguration {
  /** What an instance that listens on `port` is given. */
  variablesFor(port: number): Variables;
  /** What a build is given. */
  readonly buildSecrets: readonly BuildSecret[];
  readonly mask: Masker;
  /** What the Git server of the project is shown. */
  readonly credential: RepositoryCredential | null;
}

/** The part of a `Workshop` that is needed to open a configuration. */
interface Opener {
  readonly ports: { readonly secretBox: SecretBox };
  readonly urlOf: (host: string) => string;
  readonly secretValues: readonly string[];
}

interface Sealed {
  readonly sealedVariables: string;
  /** Left out where no repository is read. */
  readonly sealedCredential?: SealedCredential | null;
  readonly deployment: {
    readonly id: string;
    readonly projectName: string;
    readonly environmentName: string;
    readonly number: number;
    readonly configuration: { readonly hosts: readonly string[] };
    readonly source: DeploymentSource;
  };
}

export function sealVariables(box: SecretBox, deploymentId: string, variables: SnapshotVariables): string {
  return box.seal(JSON.stringify(variables), snapshotRow(deploymentId));
}

export function openSnapshot(box: SecretBox, deploymentId: string, sealed: string): SnapshotVariables {
  return snapshotSchema.parse(JSON.parse(box.open(sealed, snapshotRow(deploymentId))));
}

/** What instances are told names the commit, which may be known later than this is opened: it is read from the record each time. */
export function openConfiguration({ ports, urlOf, secretValues }: Opener, record: Sealed): OpenConfiguration {
  const snapshot = openSnapshot(ports.secretBox, record.deployment.id, record.sealedVariables);
  const credential = openCredential(ports.secretBox, record.sealedCredential ?? null);
  return {
    mask: createMasker([
      ...secretValues,
      ...snapshot.secrets,
      ...(credential === null ? [] : credentialSecrets(credential)),
    ]),
    buildSecrets: buildSecrets(ports.secretBox, snapshot),
    credential,
    variablesFor(port) {
      const { deployment } = record;
      return mergeVariables({
        platformDefaults: {},
        project: snapshot.project,
        environment: snapshot.environment,
        serviceCredentials: {},
        injected: injectedVariables({
          port,
          project: deployment.projectName,
          environment: deployment.environmentName,
          deploymentNumber: deployment.number,
          url: urlOf(deployment.configuration.hosts[0] ?? 'localhost'),
          commit: commitOf(deployment.source)?.sha ?? '',
        }),
      });
    },
  };
}

function buildSecrets(box: SecretBox, snapshot: SnapshotVariables): readonly BuildSecret[] {
  return Object.entries(buildVariables(snapshot)).map(([name, value]) => ({
    name,
    value,
    fingerprint: box.fingerprint(value, `build secret ${name}`),
  }));
}

function snapshotRow(deploymentId: string): string {
  return `deployment:${deploymentId}:sealed_variables`;
}
