import { isFinal, type DeploymentState } from './deployment-state.ts';
import type {
  ContainerSnapshot,
  DeploymentSnapshot,
  EnvironmentSnapshot,
  InstanceSnapshot,
  PlatformSnapshot,
  ServerSnapshot,
} from './platform-snapshot.ts';
import type { RouteTarget, SlotNumber } from './route.ts';

/**
 * What must be true at any moment, whatever crashed (`docs/operations.md` tells it for people). One file for everybody who checks it:
 * the simulator, the crash tests and the watchdog in production.
 */
export const violationCodes = [
  'several_current',
  'not_healthy_when_promoted',
  'route_to_nothing',
  'orphan',
  'final_state_changed',
  'outcome_not_one',
  'deployment_stuck',
  'secret_exposed',
] as const;
export type ViolationCode = (typeof violationCodes)[number];

export interface Violation {
  readonly code: ViolationCode;
  /** Of which object: `container 3f…`, `host shop.example.com`. With the code it tells one violation from another. */
  readonly subject: string;
  /** What is wrong, in one sentence. */
  readonly message: string;
  /** Id of the deployment it is about, in whose timeline it can be told; null where there is none on record. */
  readonly deploymentId: string | null;
  /** When it was first seen, on the clock of the snapshots. */
  readonly since: number;
}

/** How long something may be so before it is a violation, in milliseconds. 0 is at once. */
export interface Tolerances {
  /** What belongs to nothing must be gone by then. */
  readonly orphanMs: number;
  /** What exists follows what is recorded within this time. */
  readonly settleMs: number;
  /** What is to be led, or waits while nobody leads anything, is taken up within this time. */
  readonly unledMs: number;
  /** Something is written about what is led within this time. */
  readonly stuckMs: number;
}

/** `stuckMs` is beyond the longest build and the longest wait for evidence. */
export const defaultTolerances: Tolerances = {
  orphanMs: 60_000,
  settleMs: 30_000,
  unledMs: 60_000,
  stuckMs: 3 * 3_600_000,
};

/** One look at the platform. Given to the next one, so that it knows for how long something has been so, and what was final. */
export interface Inspection {
  readonly violations: readonly Violation[];
  /** What is not as it should be, but not for long enough. */
  readonly suspicions: readonly Violation[];
  /** Final states seen, by deployment. */
  readonly ended: ReadonlyMap<string, DeploymentState>;
}

/** Something that is not as it should be now. */
interface Finding extends Omit<Violation, 'since'> {
  /** null: it is wrong at once. */
  readonly tolerance: keyof Tolerances | null;
}

/** As many final states are remembered from one look to the next. */
const rememberedEnds = 10_000;

export function inspect(
  snapshot: PlatformSnapshot,
  previous: Inspection | null = null,
  tolerances: Tolerances = defaultTolerances,
): Inspection {
  const before = new Map([...(previous?.suspicions ?? []), ...(previous?.violations ?? [])].map((v) => [keyOf(v), v]));
  const violations: Violation[] = [];
  const suspicions: Violation[] = [];
  for (const { tolerance, ...finding } of findingsOf(snapshot, previous, tolerances)) {
    const seen = { ...finding, since: before.get(keyOf(finding))?.since ?? snapshot.at };
    const limit = tolerance === null ? 0 : tolerances[tolerance];
    (snapshot.at - seen.since >= limit ? violations : suspicions).push(seen);
  }
  return { violations, suspicions, ended: endedOf(snapshot, previous) };
}

/** As `inspect`, for who looks only once, or only for what is wrong at once. */
export function violationsOf(
  snapshot: PlatformSnapshot,
  previous: Inspection | null = null,
  tolerances: Tolerances = defaultTolerances,
): readonly Violation[] {
  return inspect(snapshot, previous, tolerances).violations;
}

function findingsOf(
  snapshot: PlatformSnapshot,
  previous: Inspection | null,
  tolerances: Tolerances,
): readonly Finding[] {
  const world = new World(snapshot);
  return [
    ...oneCurrent(world),
    ...healthyWhenPromoted(world),
    ...routesToExisting(world),
    ...nothingOrphaned(world),
    ...finalStatesStay(world, previous),
    ...oneOutcome(world),
    ...nothingStuck(world, tolerances),
  ];
}

function keyOf({ code, subject }: Pick<Violation, 'code' | 'subject'>): string {
  return `${code} ${subject}`;
}

/** A snapshot with what is asked of it again and again. */
class World {
  readonly snapshot: PlatformSnapshot;
  readonly deployments: ReadonlyMap<string, DeploymentSnapshot>;
  readonly environments: ReadonlyMap<string, EnvironmentSnapshot>;
  readonly deploymentsOf: ReadonlyMap<string, readonly DeploymentSnapshot[]>;
  readonly containers: ReadonlyMap<string, ContainerSnapshot>;
  readonly owners: ReadonlyMap<SlotNumber, string>;
  readonly servers: ReadonlyMap<SlotNumber, readonly ServerSnapshot[]>;
  /** Environments in which somebody changes what serves, or is about to. */
  readonly changing: ReadonlySet<string>;

  constructor(snapshot: PlatformSnapshot) {
    this.snapshot = snapshot;
    this.deployments = new Map(snapshot.deployments.map((one) => [one.id, one]));
    this.environments = new Map(snapshot.environments.map((one) => [one.id, one]));
    this.deploymentsOf = Map.groupBy(snapshot.deployments, ({ environmentId }) => environmentId);
    this.containers = new Map(snapshot.containers.map((one) => [one.instanceId, one]));
    this.owners = new Map(snapshot.slots.map(({ slot, deploymentId }) => [slot, deploymentId]));
    this.servers = Map.groupBy(snapshot.servers, ({ slot }) => slot);
    const busy = snapshot.deployments.filter(({ active, state }) => active || state === 'pending');
    this.changing = new Set(busy.map(({ environmentId }) => environmentId));
  }

  /** Of a slot; null where it belongs to nobody who is not over. */
  ownerOf(slot: SlotNumber): DeploymentSnapshot | null {
    const owner = this.deployments.get(this.owners.get(slot) ?? '');
    return owner === undefined || isFinal(owner.state) ? null : owner;
  }
}

/** At most one current deployment per environment, and the traffic is its own. */
function* oneCurrent(world: World): Iterable<Finding> {
  for (const environment of world.snapshot.environments) {
    const subject = `environment ${environment.name}`;
    const current = environment.currentIds.flatMap((id) => world.deployments.get(id) ?? []);
    const [only] = current;
    const found = { code: 'several_current', subject, deploymentId: only?.id ?? null } as const;
    if (environment.currentIds.length > 1) {
      const names = current.map(({ name }) => name).join(', ');
      yield { ...found, message: `${names} are current at once`, tolerance: null };
    }
    // Until a change is over, traffic may go to who is not current yet, or not any more.
    if (environment.deleting || world.changing.has(environment.id)) continue;
    const others = servingIn(world, environment).filter(({ id }) => id !== only?.id);
    if (only === undefined || isFinal(only.state) || others.length === 0) continue;
    const names = others.map(({ name }) => name).join(', ');
    yield { ...found, message: `${names} serves although ${only.name} is current`, tolerance: 'settleMs' };
  }
}

/** Those whose instances are said to serve, and those that the route names where it does not name the current one. */
function servingIn(world: World, { id, route, currentIds }: EnvironmentSnapshot): readonly DeploymentSnapshot[] {
  const routed = route === null ? [] : slotsOf(route).flatMap((slot) => world.ownerOf(slot) ?? []);
  // While a version is suspected, the one before gets a share again.
  const shared = routed.some((one) => currentIds.includes(one.id));
  const ofEnvironment = world.deploymentsOf.get(id) ?? [];
  const serving = ofEnvironment.filter(({ instances }) => instances.some(({ phase }) => phase === 'serving'));
  return [...new Set([...serving, ...(shared ? [] : routed)])];
}

/** Slots that get a part of the requests. */
function slotsOf({ stable, candidate, share }: RouteTarget): readonly SlotNumber[] {
  if (candidate === null || share === 0) return [stable];
  return share >= 100 ? [candidate] : [stable, candidate];
}

/** Whoever serves went through the gate first. */
function* healthyWhenPromoted({ snapshot }: World): Iterable<Finding> {
  for (const deployment of snapshot.deployments) {
    for (const { id, process, ordinal, phase, passed } of deployment.instances) {
      if (passed || (phase !== 'serving' && phase !== 'passed')) continue;
      yield {
        code: 'not_healthy_when_promoted',
        subject: `instance ${id}`,
        message: `${process} ${ordinal} of ${deployment.name} is ${phase}, and never passed the gate`,
        deploymentId: deployment.id,
        tolerance: null,
      };
    }
  }
}

/** Routes lead only to instances that exist. Where requests wait, or are told of a pause, nobody has to be there. */
function* routesToExisting(world: World): Iterable<Finding> {
  const current = new Map(
    world.snapshot.environments.flatMap(({ hosts, currentIds }) => hosts.map((host) => [host, currentIds[0]] as const)),
  );
  for (const { host, target } of world.snapshot.routes) {
    if (target.mode !== 'serve') continue;
    for (const slot of slotsOf(target)) {
      const fault = faultOfSlot(world, slot);
      if (fault === null) continue;
      yield {
        code: 'route_to_nothing',
        subject: `host ${host}`,
        message: `the route leads to slot ${slot}, ${fault}`,
        deploymentId: current.get(host) ?? null,
        tolerance: 'settleMs',
      };
    }
  }
}

/** null: every server in rotation is an instance of the owner, or of the one before that stands behind it. */
function faultOfSlot(world: World, slot: SlotNumber): string | null {
  const owner = world.ownerOf(slot);
  if (owner === null) return 'which belongs to no deployment that is not over';
  const servers = (world.servers.get(slot) ?? []).filter(({ draining }) => !draining);
  if (servers.length === 0) return `in which ${owner.name} has no server in rotation`;
  const instances = (world.deploymentsOf.get(owner.environmentId) ?? []).flatMap((one) => one.instances);
  for (const { name, endpoint } of servers) {
    if (owner.bundle !== null && endpoint === `static:${owner.bundle}`) continue;
    // One that is down had the address that another one has now.
    const behind = instances.filter((instance) => isBehind(world, instance, endpoint));
    if (behind.length === 0) return `whose server ${name} (${endpoint}) is no instance that exists`;
    const serves = behind.some(({ id, crashed }) => crashed || world.containers.get(id)?.running === true);
    if (!serves) return `whose server ${name} (${endpoint}) is an instance that does not run`;
  }
  return null;
}

/** By the address it has; where it is down, by the one it had. */
function isBehind({ containers }: World, { id, address, port }: InstanceSnapshot, endpoint: string): boolean {
  const container = containers.get(id);
  return container !== undefined && `${container.address ?? address}:${port}` === endpoint;
}

/** Nothing exists that belongs to nothing. */
function* nothingOrphaned(world: World): Iterable<Finding> {
  const { snapshot, environments, owners } = world;
  const found = { code: 'orphan', tolerance: 'orphanMs', deploymentId: null } as const;
  yield* orphanedContainers(world);
  for (const { slot, deploymentId } of snapshot.slots) {
    if (world.ownerOf(slot) !== null) continue;
    yield { ...found, subject: `slot ${slot}`, message: `it is kept for ${deploymentId}, which is over` };
  }
  for (const [slot, servers] of world.servers) {
    if (owners.has(slot)) continue;
    const names = servers.map(({ name }) => name).join(', ');
    yield { ...found, subject: `servers of slot ${slot}`, message: `${names}: the slot is nobody's` };
  }
  const hosts = new Set([...environments.values()].flatMap((environment) => environment.hosts));
  for (const { host } of snapshot.routes) {
    if (!hosts.has(host)) yield { ...found, subject: `route of ${host}`, message: 'no environment has the host' };
  }
  const projects = new Set(snapshot.projects);
  for (const name of snapshot.networks) {
    if (!projects.has(name)) yield { ...found, subject: `network of ${name}`, message: 'there is no such project' };
  }
  for (const id of snapshot.workTrees) {
    if (world.deployments.get(id)?.active === true) continue;
    yield { ...found, subject: `work tree of ${id}`, message: 'nobody builds it any more' };
  }
  const awaited = new Set(snapshot.deployments.map(({ upload }) => upload));
  for (const id of snapshot.uploads) {
    if (!awaited.has(id)) yield { ...found, subject: `upload ${id}`, message: 'no deployment waits for it' };
  }
}

/** While a deployment is led, its worker says what it needs. */
function* orphanedContainers({ snapshot, deployments }: World): Iterable<Finding> {
  const known = new Set(snapshot.deployments.flatMap(({ instances }) => instances.map(({ id }) => id)));
  for (const { containerId, instanceId, deploymentId } of snapshot.containers) {
    const owner = deployments.get(deploymentId);
    if (known.has(instanceId) || owner?.active === true) continue;
    yield {
      code: 'orphan',
      subject: `container ${containerId.slice(0, 12)}`,
      message: `it is an instance of ${owner?.name ?? deploymentId}, and nothing there wants it`,
      deploymentId: owner?.id ?? null,
      tolerance: 'orphanMs',
    };
  }
}

/** What is failed, cancelled or stopped stays so. */
function* finalStatesStay({ snapshot }: World, previous: Inspection | null): Iterable<Finding> {
  for (const { id, name, state, outcomes } of snapshot.deployments) {
    const was = previous?.ended.get(id) ?? outcomes[0];
    if (was === undefined || was === state) continue;
    yield {
      code: 'final_state_changed',
      subject: `deployment ${id}`,
      message: `${name} was ${was} and is ${state}`,
      deploymentId: id,
      tolerance: null,
    };
  }
}

function endedOf({ deployments }: PlatformSnapshot, previous: Inspection | null): ReadonlyMap<string, DeploymentState> {
  const ended = new Map(previous?.ended);
  // What was final first stays on record: what it was changed to is no second truth.
  for (const { id, state } of deployments) if (isFinal(state) && !ended.has(id)) ended.set(id, state);
  return new Map([...ended].slice(-rememberedEnds));
}

/** What was accepted is one deployment, and that ends at most once. */
function* oneOutcome({ snapshot, deployments, environments }: World): Iterable<Finding> {
  const found = { code: 'outcome_not_one', tolerance: null, deploymentId: null } as const;
  for (const { environmentId, deploymentIds } of snapshot.triggers) {
    // With an environment goes everything that was asked of it.
    if (environments.get(environmentId)?.deleting !== false) continue;
    const subject = `trigger of ${deploymentIds.join(', ')}`;
    if (deploymentIds.length !== 1)
      yield { ...found, subject, message: `${deploymentIds.length} deployments came of it` };
    for (const id of deploymentIds)
      if (!deployments.has(id)) yield { ...found, subject, message: `deployment ${id} is lost` };
  }
  for (const { id, name, state, outcomes } of snapshot.deployments) {
    const of = { ...found, subject: `deployment ${id}`, deploymentId: id };
    if (outcomes.length > 1) yield { ...of, message: `${name} ended as ${outcomes.join(', then ')}` };
    else if (isFinal(state) && outcomes.length === 0)
      yield { ...of, message: `${name} is ${state}, and nothing says when` };
  }
}

/** Nothing stands still: what is to be led is led, what is led goes on, and nothing waits for nobody. */
function* nothingStuck({ snapshot }: World, { stuckMs }: Tolerances): Iterable<Finding> {
  const busy = snapshot.deployments.some(({ active, led }) => active && led);
  const taken = new Set(snapshot.deployments.filter(({ active }) => active).map(({ environmentId }) => environmentId));
  for (const { id, name, state, environmentId, active, held, led, idleMs } of snapshot.deployments) {
    const found = { code: 'deployment_stuck', subject: `deployment ${id}`, deploymentId: id } as const;
    if (active && !led && !held) {
      yield { ...found, message: `${name} is ${state}, and nobody leads it`, tolerance: 'unledMs' };
    } else if (active && !held && idleMs >= stuckMs) {
      const minutes = Math.round(idleMs / 60_000);
      yield { ...found, message: `${name} is ${state}, and nothing happened for ${minutes} min`, tolerance: null };
    } else if (state === 'pending' && !led && !busy && !taken.has(environmentId)) {
      yield { ...found, message: `${name} waits, although nobody does anything`, tolerance: 'unledMs' };
    }
  }
}

/** A value that nobody may read, in every way it may be spelt. */
export interface KnownSecret {
  /** For people: `DATABASE_URL of shop/production`. */
  readonly name: string;
  readonly spellings: readonly string[];
}

/** Something that was written: a row of the journal, a line of a log, an event. */
export interface WrittenText {
  /** For people: `log of BuildImageJob of shop #42`. */
  readonly where: string;
  readonly text: string;
  /** Of the deployment it was written about; null: of none. */
  readonly deploymentId: string | null;
}

/** No secret stands in anything that was written. The message names the secret, never its value. */
export function exposedSecrets(
  texts: Iterable<WrittenText>,
  secrets: readonly KnownSecret[],
  at: number,
): readonly Violation[] {
  const found = new Map<string, Violation>();
  for (const { where, text, deploymentId } of texts) {
    for (const { name, spellings } of secrets) {
      if (!spellings.some((spelling) => spelling !== '' && text.includes(spelling))) continue;
      const message = `it shows ${name}`;
      found.set(`${where}\n${name}`, { code: 'secret_exposed', subject: where, message, deploymentId, since: at });
    }
  }
  return [...found.values()];
}
