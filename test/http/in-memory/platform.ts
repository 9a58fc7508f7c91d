import { randomUUID } from 'node:crypto';
import type { Artifact } from '../../../src/domain/artifact.ts';
import type { Deployment, Instance, Job } from '../../../src/domain/deployment.ts';
import { CutoverError } from '../../../src/domain/errors.ts';
import type { Observation } from '../../../src/domain/observation.ts';
import type { Environment, Project, Variable } from '../../../src/domain/project.ts';
import type { RegistryCredential, RegistryCredentialFacts } from '../../../src/domain/registry-credential.ts';
import type { CredentialFacts } from '../../../src/domain/repository-credential.ts';
import { allows, mayAccess, type Actor, type Permission, type Role } from '../../../src/domain/roles.ts';
import type { TimelineEntry } from '../../../src/domain/timeline.ts';
import type {
  NewCredential,
  NewRollback,
  RolloutStatus,
  TokenInfo,
  Triggered,
} from '../../../src/engine/commands/commands.ts';
import type { LogEntry } from '../../../src/engine/ports/logs.ts';
import type { RecordedEntry } from '../../../src/engine/ports/recorded-entry.ts';
import { Feed } from './feed.ts';

export interface HeldProject {
  project: Project;
  readonly environments: Map<string, Environment>;
  readonly variables: Map<string, Variable>;
  readonly deployments: HeldDeployment[];
  readonly registries: Map<string, { readonly given: RegistryCredential; readonly facts: RegistryCredentialFacts }>;
  credential?: { readonly given: NewCredential; readonly facts: CredentialFacts };
}

export interface HeldDeployment {
  deployment: Deployment;
  jobs: Job[];
  instances: Instance[];
  observation: Observation | null;
  verdict: string | null;
  readonly timeline: Feed<RecordedEntry>;
  readonly logs: Map<string, Feed<LogEntry>>;
}

export interface HeldToken extends TokenInfo {
  readonly secret: string;
}

/** The state behind the in-memory commands, and the strings by which a test plays the engine. */
export class Platform {
  readonly projects = new Map<string, HeldProject>();
  readonly tokens: HeldToken[] = [];
  readonly idempotency = new Map<string, { readonly request: string; readonly held: HeldDeployment }>();
  /** What happens to a deployment once it is triggered; by default nothing. */
  play: (held: HeldDeployment) => void | Promise<void> = () => undefined;
  /** What every environment's rollout is; a test appends what it wants to be seen. */
  readonly rollout = new Feed<RolloutStatus>();
  /** What was asked for, as it arrived. */
  readonly rollbacks: NewRollback[] = [];
  /** What was sent, by id. */
  readonly uploads = new Map<string, Buffer>();
  #lastEntry = 0;

  token(
    name: string,
    role: Role,
    project: string | null = null,
    { environments = null, expiresAt = null }: Partial<Pick<TokenInfo, 'environments' | 'expiresAt'>> = {},
  ): string {
    const secret = `${name}-${randomUUID()}`;
    const createdAt = new Date().toISOString();
    this.tokens.push({ id: randomUUID(), name, role, project, environments, createdAt, expiresAt, secret });
    return secret;
  }

  project(actor: Actor, name: string, permission: Permission): HeldProject {
    const held = this.projects.get(name);
    if (held === undefined || !mayAccess(actor, 'follow', name)) {
      throw new CutoverError('not_found', `there is no project "${name}"`);
    }
    if (!allows(actor.role, permission)) throw new CutoverError('forbidden', `${actor.name} may not ${permission}`);
    return held;
  }

  environment(held: HeldProject, name: string): Environment {
    const found = held.environments.get(name);
    if (found === undefined) throw new CutoverError('not_found', `there is no environment "${name}"`);
    return found;
  }

  deployment(actor: Actor, project: string, number: number): HeldDeployment {
    const found = this.project(actor, project, 'follow').deployments[number - 1];
    if (found === undefined) throw new CutoverError('not_found', `there is no deployment #${number} of "${project}"`);
    return found;
  }

  serving(held: HeldProject, environment: string): HeldDeployment | undefined {
    const { currentDeploymentId } = this.environment(held, environment);
    return held.deployments.find(({ deployment }) => deployment.id === currentDeploymentId);
  }

  /** Makes a deployment, or gives the one that was made under the same key. */
  once(key: string | undefined, input: object, make: () => HeldDeployment): Triggered {
    const request = JSON.stringify(input);
    const known = key === undefined ? undefined : this.idempotency.get(key);
    if (known !== undefined && known.request !== request) {
      throw new CutoverError('idempotency_mismatch', 'the key was used for another request');
    }
    if (known !== undefined) return { deployment: known.held.deployment, replayed: true };
    const held = make();
    if (key !== undefined) this.idempotency.set(key, { request, held });
    this.record(held, { kind: 'state.changed', from: null, to: 'pending', reason: null });
    void this.play(held);
    return { deployment: held.deployment, replayed: false };
  }

  record(held: HeldDeployment, entry: TimelineEntry): void {
    this.#lastEntry += 1;
    const { id, projectId } = held.deployment;
    held.timeline.append({ id: this.#lastEntry, at: new Date().toISOString(), projectId, deploymentId: id, entry });
  }

  move(held: HeldDeployment, to: Deployment['state'], change: Partial<Deployment> = {}): void {
    const from = held.deployment.state;
    held.deployment = { ...held.deployment, ...change, state: to };
    this.record(held, { kind: 'state.changed', from, to, reason: held.deployment.reason });
  }

  log(held: HeldDeployment, name: string, ...texts: readonly string[]): Feed<LogEntry> {
    const feed = held.logs.get(name) ?? new Feed<LogEntry>();
    held.logs.set(name, feed);
    for (const text of texts) {
      const next = (feed.items.at(-1)?.next ?? 0) + Buffer.byteLength(text) + 1;
      feed.append({ at: Date.now(), stream: 'stdout', text, next });
    }
    return feed;
  }

  /** A deployment that goes well: built, gated, switched, drained. */
  succeed(held: HeldDeployment, requests = { total: 3214, failed: 0 }): void {
    const artifact: Artifact = { type: 'image', imageId: 'sha256:1', sizeBytes: 48_100_000, exposedPorts: [3000] };
    this.move(held, 'running');
    this.record(held, { kind: 'job.started', job: 'BuildImageJob' });
    this.log(held, 'BuildImageJob', 'step 1', 'step 2').close();
    this.record(held, { kind: 'build.completed', sizeBytes: artifact.sizeBytes, reused: false });
    this.record(held, { kind: 'job.finished', job: 'BuildImageJob', status: 'success', error: null });
    this.move(held, 'deploying', { artifact });
    this.record(held, { kind: 'gate.passed', ordinal: 1, attempts: 2, sinceStartMs: 312 });
    this.move(held, 'ready', { readyAt: new Date().toISOString(), requests });
    this.record(held, { kind: 'complete', requests: requests.total, failed: requests.failed });
    const now = new Date().toISOString();
    this.move(held, 'completed', { completedAt: now, finishedAt: now });
    this.#serve(held.deployment);
    held.timeline.close();
  }

  #serve({ id, projectName, environmentName }: Deployment): void {
    const environments = this.projects.get(projectName)?.environments;
    const environment = environments?.get(environmentName);
    if (environment !== undefined) environments?.set(environmentName, { ...environment, currentDeploymentId: id });
  }

  /** A deployment whose build fails in its third step. */
  fail(held: HeldDeployment): void {
    this.move(held, 'running');
    this.record(held, { kind: 'job.started', job: 'BuildImageJob' });
    this.log(held, 'BuildImageJob', 'step 1', 'step 2', 'npm error missing script: build').close();
    const message = 'step 3 of the Dockerfile exited with 1';
    held.jobs = [buildJob(message)];
    this.record(held, { kind: 'job.finished', job: 'BuildImageJob', status: 'failure', error: message });
    this.move(held, 'failed', { failure: { code: 'build_failed', message }, reason: message });
    held.timeline.close();
  }
}

function buildJob(error: string): Job {
  const at = new Date().toISOString();
  return {
    type: 'BuildImageJob',
    order: 2,
    dependsOn: ['DownloadRepoJob'],
    required: true,
    status: 'failure',
    error,
    startedAt: at,
    endedAt: at,
  };
}
