import type { Random } from '../../src/engine/ports/random.ts';
import {
  callFaults,
  type Behaviour,
  type Fault,
  type Operation,
  type Place,
  type Program,
  type Settings,
  type Way,
} from './program.ts';

type Dice = Pick<Random, 'number'>;

/** At least so many of each in every history. Of the faults some wait for a call that never comes. */
const fewestOperations = 20;
const fewestFaults = 9;
const mostProjects = 2;
const mostEnvironments = 3;

/** The program of a seed: always the same one. */
export function randomProgram(seed: number, dice: Dice, onlyGit: boolean): Program {
  const projects = between(dice, 1, mostProjects);
  const environments = between(dice, 1, mostEnvironments);
  const settings = randomSettings(dice);
  const places = { projects, environments };
  const operations = timed(dice, fewestOperations + between(dice, 0, 6), () => ({
    operation: randomOperation(dice, { ...places, onlyGit }),
  }));
  const end = operations.at(-1)?.at ?? 0;
  const faults = Array.from({ length: fewestFaults + between(dice, 0, 6) }, () => ({
    at: Math.floor(dice.number() * end),
    fault: randomFault(dice),
  }));
  const steps = [...operations, ...faults].toSorted((a, b) => a.at - b.at);
  const jitterMs = chance(dice, 0.3) ? between(dice, 1, 30) : 0;
  const sleeps = !onlyGit && chance(dice, 0.25) ? { sleepAfterMs: between(dice, 300, 2_000) } : {};
  return { seed, ...places, settings, jitterMs, ...sleeps, steps };
}

/** Some at once, some close together, some when everything has come to rest. */
function timed<T extends object>(dice: Dice, count: number, make: () => T): (T & { readonly at: number })[] {
  let at = 100;
  return Array.from({ length: count }, (_, index) => {
    if (index > 0) at += Math.floor(oneOf(dice, [0, 5, 100, 1_000, 3_000, 8_000]) * dice.number());
    return { at, ...make() };
  });
}

interface Possible extends Pick<Program, 'projects' | 'environments'> {
  readonly onlyGit: boolean;
}

function randomOperation(dice: Dice, places: Possible): Operation {
  const place: Place = {
    project: between(dice, 0, places.projects - 1),
    environment: between(dice, 0, places.environments - 1),
  };
  const back = chance(dice, 0.8) ? 0 : between(dice, 1, 3);
  const kind = weighted(dice, {
    deploy: 50,
    cancel: 7,
    rollback: 8,
    pause: 7,
    resume: 9,
    promote: 4,
    variables: 4,
    settings: 6,
    'create-environment': 2,
    'delete-environment': 2,
    'delete-project': 1,
  });
  switch (kind) {
    case 'deploy':
      return {
        kind,
        place,
        behaviour: randomBehaviour(dice),
        again: chance(dice, 0.1),
        ...(places.onlyGit ? {} : { way: randomWay(dice) }),
      };
    case 'promote':
      return { kind, place, to: between(dice, 0, places.environments - 1) };
    case 'variables':
      return { kind, place, value: between(dice, 0, 99) };
    case 'settings':
      return { kind, place, settings: randomSettings(dice) };
    case 'cancel':
    case 'pause':
    case 'resume':
      return { kind, place, back };
    case 'rollback':
    case 'create-environment':
    case 'delete-environment':
    case 'delete-project':
      return { kind, place };
  }
}

function randomBehaviour(dice: Dice): Behaviour {
  return weighted(dice, { good: 70, slow: 8, exits: 5, unhealthy: 5, 'crash-loop': 4, errors: 4, 'build-fails': 4 });
}

function randomWay(dice: Dice): Way {
  return weighted(dice, { git: 62, image: 12, tarball: 10, bundle: 8, directory: 8 });
}

function randomSettings(dice: Dice): Settings {
  return {
    strategy: weighted(dice, { rolling: 5, 'blue-green': 2, canary: 1, recreate: 2 }),
    replicas: weighted(dice, { 1: 6, 2: 3, 3: 1 }) === '1' ? 1 : between(dice, 2, 3),
    observationMs: chance(dice, 0.1) ? 4_000 : 0,
    standby: weighted(dice, { all: 4, one: 1, none: 1 }),
    worker: chance(dice, 0.15),
    release: chance(dice, 0.1),
  };
}

/** Calls at which something may go wrong; those that matter most are named more often than by chance. */
const calls = [
  '*',
  'runtime.start',
  'runtime.stop',
  'runtime.keepAlive',
  'runtime.status',
  'runtime.list',
  'runtime.ensureNetwork',
  'router.addServer',
  'router.removeServer',
  'router.clearSlot',
  'router.setRoute',
  'router.removeRoute',
  'router.drainServer',
  'router.resumeServer',
  'router.counters',
  'router.inFlight',
  'router.snapshot',
  'source.fetch',
  'source.checkout',
  'builder.build',
  'prober.probe',
  'database.write',
  'database.claim',
  'database.heartbeat',
  'database.release',
  'database.addInstances',
  'database.takeSlot',
  'database.record',
  'database.predecessors',
  'database.route',
  'database.create',
  'records.desired',
  'records.crashed',
  'records.whileOwning',
  'records.stopServing',
  'records.erase',
  'observations.moveTraffic',
] as const;

function randomFault(dice: Dice): Fault {
  const ms = oneOf(dice, [50, 500, 2_000, 12_000, 20_000]);
  const kind = weighted(dice, {
    call: 60,
    crash: 8,
    stop: 3,
    suspend: 3,
    'second-plane': 6,
    'database-gone': 4,
    'dockerd-restart': 4,
    'router-restart': 3,
    reboot: 2,
    'clock-jump': 2,
    'kill-container': 3,
    'remove-container': 2,
  });
  switch (kind) {
    case 'call': {
      const call = chance(dice, 0.4) ? '*' : oneOf(dice, calls);
      return { kind, call, skip: between(dice, 0, call === '*' ? 60 : 4), what: oneOf(dice, callFaults), ms };
    }
    case 'second-plane':
      return { kind, ms: between(dice, 1_000, 60_000) };
    case 'dockerd-restart':
      return { kind, ms: Math.min(ms, 5_000), all: chance(dice, 0.5) };
    case 'router-restart':
      return { kind, ms: Math.min(ms, 500) };
    case 'database-gone':
      return { kind, ms };
    case 'clock-jump':
      return { kind, ms: oneOf(dice, [-3_600_000, -5_000, 5_000, 3_600_000]) };
    case 'kill-container':
    case 'remove-container':
      return { kind, pick: between(dice, 0, 9) };
    case 'crash':
    case 'stop':
    case 'suspend':
    case 'reboot':
      return { kind, ms };
  }
}

/** Both ends included. */
function between(dice: Dice, least: number, most: number): number {
  return least + Math.floor(dice.number() * (most - least + 1));
}

function chance(dice: Dice, share: number): boolean {
  return dice.number() < share;
}

function oneOf<T>(dice: Dice, values: readonly T[]): T {
  const value = values[Math.floor(dice.number() * values.length)];
  if (value === undefined) throw new Error('nothing to choose from');
  return value;
}

function weighted<T extends string>(dice: Dice, weights: Readonly<Record<T, number>>): T {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- its own keys
  const entries = Object.entries(weights) as [T, number][];
  let left = dice.number() * entries.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [value, weight] of entries) {
    left -= weight;
    if (left < 0) return value;
  }
  throw new Error('nothing to choose from');
}
