import type { SettingsChange } from '../../src/engine/commands/commands.ts';
import type { ProcessSettings } from '../../src/domain/processes.ts';
import type { Actor } from '../../src/domain/roles.ts';
import { CutoverError } from '../../src/domain/errors.ts';
import type { ControlPlane } from './control-plane.ts';
import type { Operation, Place, Settings } from './program.ts';
import { repositoryOf, type Offer, type Offers } from './offers.ts';
import type { VirtualClock } from './virtual-clock.ts';

const environmentNames = ['production', 'staging', 'preview'] as const;
/** A caller gives up a request that is not answered by then, and asks again after a while. */
const answerLimitMs = 30_000;
const patienceMs = 1_500;
const tries = 40;

const actor: Actor = { tokenId: 'simulated', name: 'somebody', role: 'owner', project: null };

export function projectName(project: number): string {
  return `p${project}`;
}

export function environmentName({ environment }: Pick<Place, 'environment'>): string {
  return environmentNames[environment] ?? `e${environment}`;
}

export interface Asked {
  readonly key: string;
  readonly place: Place;
  /** Every deployment that somebody was told of under this key. */
  readonly deploymentIds: Set<string>;
  environmentId: string;
}

interface UsersOptions {
  readonly clock: VirtualClock;
  /** One that can be reached now. */
  readonly plane: () => ControlPlane | null;
  readonly make: Offers['make'];
  readonly trace: ((line: string) => void) | null;
}

/** Those who use the platform: they ask, are told off or not answered, and ask again where it must be known. */
export class Users {
  readonly asked: Asked[] = [];
  /** Of everything that was asked: how often it was refused by a rule, which is no fault. */
  refused = 0;
  /** Values that they have asked to keep secret. */
  readonly secrets = new Set<string>();
  readonly #options: UsersOptions;
  #busy = 0;

  constructor(options: UsersOptions) {
    this.#options = options;
  }

  /** Somebody still waits for an answer. */
  get areWaiting(): boolean {
    return this.#busy > 0;
  }

  async create(projects: number, environments: number, settings: Settings): Promise<void> {
    this.#busy += 1;
    await this.#createAll(projects, environments, settings);
    this.#busy -= 1;
  }

  async #createAll(projects: number, environments: number, settings: Settings): Promise<void> {
    for (let project = 0; project < projects; project += 1) {
      await this.#request(({ projects: all }) =>
        all.create(actor, { name: projectName(project), repository: repositoryOf(project) }),
      );
      for (let environment = 0; environment < environments; environment += 1) {
        if (environment > 0) await this.#createEnvironment({ project, environment }, settings);
        else await this.#update({ project, environment }, settings);
      }
    }
  }

  async do(operation: Operation): Promise<void> {
    this.#busy += 1;
    try {
      await this.#perform(operation);
    } finally {
      this.#busy -= 1;
    }
  }

  async #perform(operation: Operation): Promise<void> {
    const { place } = operation;
    const project = projectName(place.project);
    const environment = environmentName(place);
    switch (operation.kind) {
      case 'deploy':
        return this.#deploy(operation);
      case 'rollback':
        return this.#trigger(place, (plane, idempotencyKey) =>
          plane.deployments.rollback(actor, project, { environment, idempotencyKey }),
        );
      case 'promote': {
        const to = environmentName({ environment: operation.to });
        const target = { project: place.project, environment: operation.to };
        return this.#trigger(target, (plane, idempotencyKey) =>
          plane.deployments.promote(actor, project, { from: environment, to, idempotencyKey }),
        );
      }
      case 'cancel':
      case 'pause':
      case 'resume': {
        const number = await this.#numberOf(place, operation.back);
        if (number === null) return undefined;
        const { kind } = operation;
        await this.#request(({ deployments }) => deployments[kind](actor, project, number));
        return undefined;
      }
      case 'variables': {
        const secret = operation.value % 2 === 0;
        const value = `${secret ? 'secret-word' : 'value'}-${operation.value}`;
        if (secret) this.secrets.add(value);
        await this.#request(({ variables }) =>
          variables.set(actor, project, environment, [{ name: 'NAME', value, secret }]),
        );
        return undefined;
      }
      case 'settings':
        return this.#update(place, operation.settings);
      case 'create-environment':
        return this.#createEnvironment(place, null);
      case 'delete-environment':
        await this.#request(({ environments }) => environments.delete(actor, project, environment));
        return undefined;
      case 'delete-project':
        await this.#request(({ projects }) => projects.delete(actor, project));
        return undefined;
    }
  }

  async #deploy({
    place,
    behaviour,
    again,
    way = 'git',
  }: Extract<Operation, { readonly kind: 'deploy' }>): Promise<void> {
    const offer = this.#options.make(place.project, { way, behaviour });
    await this.#trigger(place, deploying(offer, place), again);
  }

  /** With a key, so that it can be asked again until it is answered. */
  async #trigger(place: Place, ask: Ask, again = false): Promise<void> {
    const key = `key-${this.asked.length}`;
    const asked: Asked = { key, place, deploymentIds: new Set(), environmentId: '' };
    this.asked.push(asked);
    const once = async () => {
      const answer = await this.#request((plane) => ask(plane, key), tries);
      if (answer === null) return;
      const { id, environmentId } = answer.deployment;
      // Its environment was deleted and made anew between two calls: what came of the first one went with it.
      if (asked.environmentId !== environmentId) asked.deploymentIds.clear();
      asked.deploymentIds.add(id);
      asked.environmentId = environmentId;
    };
    await Promise.all(again ? [once(), once()] : [once()]);
  }

  async #numberOf(place: Place, back: number): Promise<number | null> {
    const query = { environment: environmentName(place), limit: 10 };
    const list = await this.#request(({ deployments }) => deployments.list(actor, projectName(place.project), query));
    return list?.[back]?.number ?? null;
  }

  async #createEnvironment(place: Place, settings: Settings | null): Promise<void> {
    const input = { name: environmentName(place), settings: settings === null ? fastSettings : settingsOf(settings) };
    await this.#request(({ environments }) => environments.create(actor, projectName(place.project), input));
  }

  async #update(place: Place, settings: Settings): Promise<void> {
    await this.#request(({ environments }) =>
      environments.update(actor, projectName(place.project), environmentName(place), settingsOf(settings)),
    );
  }

  /** null: it was refused, or nobody answered as often as it was tried. */
  async #request<T>(ask: (commands: ControlPlane['commands']) => Promise<T>, times = 3): Promise<T | null> {
    const { clock, plane, trace } = this.#options;
    for (let attempt = 0; attempt < times; attempt += 1) {
      const reached = plane();
      if (reached !== null) {
        const result = await this.#answer(reached, ask(reached.commands));
        if (result.type === 'answer') return result.value;
        if (result.type === 'refusal') {
          this.refused += 1;
          trace?.(`user: refused: ${String(result.error)}`);
          return null;
        }
        trace?.(`user: no answer: ${String(result.error)}`);
      }
      await new Promise<void>((resolve) => clock.at(patienceMs, resolve));
    }
    return null;
  }

  #answer<T>(plane: ControlPlane, asked: Promise<T>): Promise<Answer<T>> {
    const { clock } = this.#options;
    return new Promise((resolve) => {
      const broken = () => resolve({ type: 'none', error: 'connection lost' });
      plane.fate.process.death.addEventListener('abort', broken, { once: true });
      clock.at(answerLimitMs, broken);
      asked.then(
        (value) => resolve({ type: 'answer', value }),
        (error: unknown) => resolve({ type: isRefusal(error) ? 'refusal' : 'none', error }),
      );
    });
  }
}

type Commands = ControlPlane['commands'];
type Ask = (plane: Commands, idempotencyKey: string) => ReturnType<Commands['deployments']['trigger']>;

function deploying(offer: Offer, place: Place): Ask {
  const environment = environmentName(place);
  const project = projectName(place.project);
  return ({ deployments }, idempotencyKey) => {
    switch (offer.way) {
      case 'git':
        return deployments.trigger(actor, project, { environment, commit: offer.commit, idempotencyKey });
      case 'image':
        return deployments.deployImage(actor, project, { environment, image: offer.reference, idempotencyKey });
      case 'tarball':
      case 'bundle':
      case 'directory': {
        const upload = { filename: offer.way, bytes: inOnePiece(offer.bytes), sent: sentAs[offer.way] };
        return deployments.deployUpload(actor, project, { environment, ...upload, idempotencyKey }, unending);
      }
    }
  };
}

const sentAs = {
  tarball: { what: 'image' },
  bundle: { what: 'static', spa: false },
  directory: { what: 'directory', commit: null, noCache: false },
} as const;

const unending = new AbortController().signal;

async function* inOnePiece(bytes: Buffer): AsyncGenerator<Uint8Array> {
  yield bytes;
}

type Answer<T> =
  | { readonly type: 'answer'; readonly value: T }
  | { readonly type: 'refusal' | 'none'; readonly error: unknown };

/** Asking again would be of no use. */
function isRefusal(error: unknown): boolean {
  return error instanceof CutoverError && error.kind !== 'unavailable' && error.kind !== 'internal';
}

/** Short enough that a deployment takes seconds. */
const fastSettings: SettingsChange = {
  observationMs: 0,
  drainTimeoutMs: 2_000,
  stopGraceMs: 1_000,
  holdTimeoutMs: 12_000,
  oneOffTimeoutMs: 10_000,
  canarySteps: [30],
  health: { intervalMs: 1_000, timeoutMs: 1_000, startPeriodMs: 3_000 },
};

function settingsOf({ strategy, replicas, observationMs, standby, worker, release }: Settings): SettingsChange {
  const process = { command: null, replicas: 1, cpuCores: 1, memoryMb: 128, check: null, stayUpMs: 1_000 };
  const processes: ProcessSettings[] = [
    ...(worker ? [{ ...process, name: 'worker' }] : []),
    ...(release ? [{ ...process, name: 'release', command: ['release'] }] : []),
  ];
  return { ...fastSettings, strategy, replicas, observationMs, standby, processes };
}
