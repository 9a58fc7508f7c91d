import { createHash, randomUUID } from 'node:crypto';
import { defaultBuildSettings } from '../../../src/domain/build-settings.ts';
import { isCancellable, isFinal } from '../../../src/domain/deployment-state.ts';
import { defaultEnvironmentSettings } from '../../../src/domain/environment-settings.ts';
import { CutoverError } from '../../../src/domain/errors.ts';
import type { Environment, Variable } from '../../../src/domain/project.ts';
import { environmentSettingsProblem } from '../../../src/domain/settings-rules.ts';
import { platformRepository } from '../../../src/domain/platform-repository.ts';
import { describeQueueReason, nothingKnown, placeInQueue } from '../../../src/domain/queue.ts';
import { mayAccess, type Actor, type Permission } from '../../../src/domain/roles.ts';
import type {
  Commands,
  CredentialCommands,
  DeploymentCommands,
  EnvironmentCommands,
  ProjectCommands,
  SettingsChange,
  TokenCommands,
  VariableCommands,
  VariablesOf,
} from '../../../src/engine/commands/commands.ts';
import type { RegistryCommands, Sent } from '../../../src/engine/commands/intake.ts';
import type { DeploymentSource, Upload } from '../../../src/domain/source.ts';
import { newDeployment } from './new-deployment.ts';
import type { HeldProject, Platform } from './platform.ts';
import { pushCommands } from './push-commands.ts';
import { previewCommands } from './preview-commands.ts';
import { githubAppCommands, providerCommands } from './provider-commands.ts';
import { retentionCommands } from './retention-commands.ts';
import { rolloutCommands } from './rollout-commands.ts';
import { webhookCommands } from './webhook-commands.ts';

/** The seam below HTTP, answered from memory: enough to test what HTTP and the CLI make of it, and nothing of the engine. */
export function inMemoryCommands(platform: Platform): Commands {
  return {
    projects: projectCommands(platform),
    environments: environmentCommands(platform),
    variables: variableCommands(platform),
    credentials: credentialCommands(platform),
    registries: registryCommands(platform),
    tokens: tokenCommands(platform),
    deployments: deploymentCommands(platform),
    retention: retentionCommands(),
    webhooks: webhookCommands(platform),
    pushes: pushCommands(platform),
    previews: previewCommands(platform),
    providers: providerCommands(platform),
    githubApp: githubAppCommands((actor) => requireInstallation(actor, 'administer')),
  };
}

function requireInstallation(actor: Actor, permission: Permission): void {
  if (!mayAccess(actor, permission, null)) throw new CutoverError('forbidden', `${actor.name} may not ${permission}`);
}

function newEnvironment(held: HeldProject, name: string, settings: SettingsChange): Environment {
  const label = name === 'production' ? held.project.name : `${name}-${held.project.name}`;
  const environment = {
    id: randomUUID(),
    projectId: held.project.id,
    name,
    kind: name === 'production' ? ('production' as const) : ('standing' as const),
    settings: mergeSettings(defaultEnvironmentSettings, settings),
    hosts: [`${label}.localhost`],
    currentDeploymentId: null,
    autoDeployHeld: null,
    asleepSince: null,
    createdAt: new Date().toISOString(),
  };
  held.environments.set(name, environment);
  return environment;
}

function mergeSettings(settings: Environment['settings'], change: SettingsChange): Environment['settings'] {
  const { health, rollback, ...rest } = change;
  return {
    ...settings,
    ...rest,
    health: { ...settings.health, ...health },
    rollback: { ...settings.rollback, ...rollback },
  };
}

function projectCommands(platform: Platform): ProjectCommands {
  return {
    async create(actor, input) {
      requireInstallation(actor, 'configure');
      if (platform.projects.has(input.name)) throw new CutoverError('already_exists', `"${input.name}" is taken`);
      const id = randomUUID();
      const held: HeldProject = {
        project: {
          id,
          name: input.name,
          repository: input.gitPush === true ? platformRepository(id) : input.repository,
          build: { ...defaultBuildSettings, ...input.build },
          createdAt: new Date().toISOString(),
        },
        environments: new Map(),
        variables: new Map(),
        registries: new Map(),
        deployments: [],
      };
      newEnvironment(held, 'production', input.branch === undefined ? {} : { branch: input.branch });
      platform.projects.set(input.name, held);
      return held.project;
    },
    list: async (actor) =>
      [...platform.projects.values()].map((held) => held.project).filter(({ name }) => mayAccess(actor, 'read', name)),
    get: async (actor, name) => platform.project(actor, name, 'read').project,
    async update(actor, name, change) {
      const held = platform.project(actor, name, 'configure');
      const { repository = held.project.repository, build } = change;
      held.project = { ...held.project, repository, build: { ...held.project.build, ...build } };
      return held.project;
    },
    async delete(actor, name) {
      platform.project(actor, name, 'configure');
      platform.projects.delete(name);
    },
  };
}

function environmentCommands(platform: Platform): EnvironmentCommands {
  return {
    async create(actor, project, { name, settings }) {
      const held = platform.project(actor, project, 'configure');
      if (held.environments.has(name)) throw new CutoverError('already_exists', `"${name}" is taken`);
      return newEnvironment(held, name, settings ?? {});
    },
    list: async (actor, project) => [...platform.project(actor, project, 'read').environments.values()],
    get: async (actor, project, name) => platform.environment(platform.project(actor, project, 'read'), name),
    async update(actor, project, name, change) {
      const held = platform.project(actor, project, 'configure');
      const environment = platform.environment(held, name);
      const changed = { ...environment, settings: mergeSettings(environment.settings, change) };
      const problem = environmentSettingsProblem(changed.settings);
      if (problem !== null) throw new CutoverError('invalid_input', `${problem.field} ${problem.message}`);
      held.environments.set(name, changed);
      return changed;
    },
    async resumeAutoDeploy(actor, project, name) {
      const held = platform.project(actor, project, 'deploy');
      const changed = { ...platform.environment(held, name), autoDeployHeld: null };
      held.environments.set(name, changed);
      return changed;
    },
    async delete(actor, project, name) {
      const held = platform.project(actor, project, 'configure');
      platform.environment(held, name);
      held.environments.delete(name);
    },
  };
}

function key(level: VariablesOf, name: string): string {
  return typeof level === 'string' || level === null ? `${level ?? ''}/${name}` : `previews:/${name}`;
}

function levelOf(level: VariablesOf): Variable['level'] {
  if (level === null) return 'project';
  return typeof level === 'string' ? 'environment' : 'preview';
}

function variableCommands(platform: Platform): VariableCommands {
  return {
    async list(actor, project, environment) {
      const held = platform.project(actor, project, 'read');
      return [...held.variables.entries()]
        .filter(([id]) => id.startsWith('/') || id.startsWith(key(environment, '')))
        .map(([, variable]) => (variable.secret ? { ...variable, value: '' } : variable));
    },
    async set(actor, project, environment, variables) {
      const held = platform.project(actor, project, 'configure');
      const level = levelOf(environment);
      for (const variable of variables) {
        const updatedAt = new Date().toISOString();
        held.variables.set(key(environment, variable.name), { build: false, ...variable, level, updatedAt });
      }
    },
    async unset(actor, project, environment, names) {
      const held = platform.project(actor, project, 'configure');
      return names.filter((name) => held.variables.delete(key(environment, name)));
    },
  };
}

function credentialCommands(platform: Platform): CredentialCommands {
  return {
    get: async (actor, project) => platform.project(actor, project, 'configure').credential?.facts ?? null,
    async set(actor, project, given) {
      const held = platform.project(actor, project, 'configure');
      const { kind } = given;
      const setAt = new Date().toISOString();
      const facts = { kind, host: 'https://git.example', fingerprint: '0123abcd', setBy: actor.name, setAt };
      held.credential = { given, facts };
      return facts;
    },
    async remove(actor, project) {
      const held = platform.project(actor, project, 'configure');
      if (held.credential === undefined) throw new CutoverError('not_found', 'there is none');
      delete held.credential;
    },
    async forgetHostKeys(actor, project) {
      platform.project(actor, project, 'configure');
    },
  };
}

function registryCommands(platform: Platform): RegistryCommands {
  return {
    list: async (actor, project) =>
      [...platform.project(actor, project, 'configure').registries.values()].map(({ facts }) => facts),
    async set(actor, project, given) {
      const held = platform.project(actor, project, 'configure');
      const { host, username } = given;
      const facts = { host, username, fingerprint: '0123abcd', setBy: actor.name, setAt: new Date().toISOString() };
      held.registries.set(host, { given, facts });
      return facts;
    },
    async remove(actor, project, host) {
      const held = platform.project(actor, project, 'configure');
      if (!held.registries.delete(host)) throw new CutoverError('not_found', 'there is none');
    },
  };
}

function tokenCommands(platform: Platform): TokenCommands {
  return {
    async authenticate(secret) {
      const token = platform.tokens.find((candidate) => candidate.secret === secret);
      return token === undefined
        ? null
        : { tokenId: token.id, name: token.name, role: token.role, project: token.project, ...boundTo(token) };
    },
    async create(actor, { name, role, project, environments = null, expiresInMs = null }) {
      requireInstallation(actor, 'administer');
      const expiresAt = expiresInMs === null ? null : new Date(Date.now() + expiresInMs).toISOString();
      const secret = platform.token(name, role, project, { environments, expiresAt });
      const created = platform.tokens.find((token) => token.secret === secret);
      if (created === undefined) throw new Error('the token was not kept');
      return created;
    },
    async list(actor) {
      requireInstallation(actor, 'administer');
      return platform.tokens;
    },
    async revoke(actor, id) {
      requireInstallation(actor, 'administer');
      const index = platform.tokens.findIndex((token) => token.id === id);
      if (index < 0) throw new CutoverError('not_found', `there is no token ${id}`);
      platform.tokens.splice(index, 1);
    },
  };
}

function deploymentCommands(platform: Platform): DeploymentCommands {
  return {
    ...rolloutCommands(platform),
    async trigger(actor, project, { idempotencyKey, ...input }) {
      const held = platform.project(actor, project, 'trigger');
      const environment = platform.environment(held, input.environment);
      return platform.once(idempotencyKey, { project, ...input }, () =>
        newDeployment(held, { environment, actor, noCache: input.noCache ?? false, source: input }),
      );
    },
    async deployImage(actor, project, { idempotencyKey, ...input }) {
      const held = platform.project(actor, project, 'trigger');
      const environment = platform.environment(held, input.environment);
      const from = { kind: 'image', reference: input.image, digest: null } as const;
      return platform.once(idempotencyKey, { project, ...input }, () =>
        newDeployment(held, { environment, actor, from }),
      );
    },
    async deployUpload(actor, project, { idempotencyKey, bytes, ...input }) {
      const held = platform.project(actor, project, 'trigger');
      const environment = platform.environment(held, input.environment);
      const chunks: Uint8Array[] = [];
      for await (const chunk of bytes) chunks.push(chunk);
      const content = Buffer.concat(chunks);
      const sha256 = createHash('sha256').update(content).digest('hex');
      const upload = { id: randomUUID(), filename: input.filename, sizeBytes: content.length, sha256 };
      platform.uploads.set(upload.id, content);
      const { sent } = input;
      const noCache = sent.what === 'directory' && sent.noCache;
      return platform.once(idempotencyKey, { project, ...input, sha256 }, () =>
        newDeployment(held, { environment, actor, noCache, from: sourceOf(sent, upload) }),
      );
    },
    async list(actor, project, { environment, state, before, limit }) {
      return platform
        .project(actor, project, 'follow')
        .deployments.map((held) => held.deployment)
        .filter((one) => {
          if (one.number >= (before ?? Infinity) || one.state !== (state ?? one.state)) return false;
          return one.environmentName === (environment ?? one.environmentName);
        })
        .toReversed()
        .slice(0, limit);
    },
    async get(actor, project, number) {
      const { deployment, jobs, instances, observation, verdict } = platform.deployment(actor, project, number);
      return { deployment, jobs, instances, observation, verdict, url: `http://${project}.localhost:8080` };
    },
    async cancel(actor, project, number) {
      const held = platform.deployment(actor, project, number);
      platform.project(actor, project, 'trigger');
      if (!isCancellable(held.deployment.state)) {
        throw new CutoverError(
          'illegal_transition',
          `a deployment that is ${held.deployment.state} cannot be cancelled`,
        );
      }
      platform.move(held, 'cancelled', { reason: `cancelled by ${actor.name}` });
      held.timeline.close();
      return held.deployment;
    },
    async *timeline(actor, project, number, { after, follow }, signal) {
      const held = platform.deployment(actor, project, number);
      yield* held.timeline.read((entry) => entry.id > after, follow, signal);
    },
    // oxlint-disable-next-line eslint/max-params -- the interface's own
    async *log(actor, { project, number, log: name, offset, follow }, signal) {
      const feed = platform.deployment(actor, project, number).logs.get(name);
      if (feed === undefined) throw new CutoverError('not_found', `#${number} has no log "${name}"`);
      yield* feed.read((line) => line.next > offset, follow, signal);
    },
    async queue(actor) {
      const open = [...platform.projects.values()]
        .flatMap((held) => held.deployments.map(({ deployment }) => deployment))
        .filter(({ state }) => !isFinal(state) && state !== 'completed');
      const seen = open.filter(({ projectName }) => mayAccess(actor, 'follow', projectName));
      const hidden = open.filter((deployment) => !seen.includes(deployment));
      const waiting = hidden.filter(({ state }) => state === 'pending').length;
      return {
        items: seen.map((deployment) => {
          const { waitsFor: reason, since } = placeInQueue({ deployment, facts: nothingKnown }, [deployment]);
          const waitsFor = reason === null ? null : describeQueueReason(reason, deployment.environmentName);
          return { deployment, reason, waitsFor, since };
        }),
        elsewhere: { waiting, running: hidden.length - waiting },
      };
    },
  };
}

function sourceOf(sent: Sent, upload: Upload): DeploymentSource {
  if (sent.what === 'image') return { kind: 'image-upload', upload };
  if (sent.what === 'static') return { kind: 'bundle', upload, spa: sent.spa };
  return { kind: 'directory', upload, commit: sent.commit, tree: null };
}

function boundTo({ environments }: { readonly environments: readonly string[] | null }) {
  return environments === null ? {} : { environments };
}
