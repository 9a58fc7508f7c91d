import { readFile, readdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WireDeployment, WireDeploymentDetail } from '../../../src/contract/schemas/deployment.ts';
import type { WireSettingsChange } from '../../../src/contract/schemas/environment.ts';
import type { WireTimelineEntry } from '../../../src/contract/schemas/timeline.ts';
import type { Stage } from '../../e2e/stage.ts';
import type { TestRepository } from '../../harness/git-server.ts';
import type { VisitOptions } from './visitors/visit.ts';

/** What is wrong with a version: see the app. */
export interface Fault {
  readonly share?: number;
  readonly path?: string;
  readonly leakAfterMs?: number;
  readonly crashAfterMs?: number | readonly number[];
  readonly startDelayMs?: number;
  readonly workMs?: number;
}

type EventOf<K extends WireTimelineEntry['event']['kind']> = Extract<WireTimelineEntry['event'], { kind: K }>;

const benchSettings: WireSettingsChange = {
  observationMs: 120_000,
  drainTimeoutMs: 1_000,
  stopGraceMs: 1_000,
  health: { path: '/health' },
};

/** A project of its own, with the app that can be bad. */
export class Subject {
  readonly stage: Stage;
  readonly name: string;
  readonly #repository: TestRepository;
  #revision = 0;

  private constructor(stage: Stage, name: string, repository: TestRepository) {
    this.stage = stage;
    this.name = name;
    this.#repository = repository;
  }

  /** Its first version, which is good, serves. */
  static async create(
    stage: Stage,
    name: string,
    options: { readonly settings?: WireSettingsChange; readonly app?: URL; readonly variables?: object } = {},
  ): Promise<Subject> {
    const { settings = {}, app = rollbackApp, variables = {} } = options;
    const repository = await stage.project(name, await filesOf(app), { ...benchSettings, ...settings });
    const given = Object.entries(variables).map(([key, value]) => ({ name: key, value: String(value), secret: false }));
    if (given.length > 0)
      await stage.must('PUT', `/api/projects/${name}/environments/production/variables`, { variables: given });
    const subject = new Subject(stage, name, repository);
    await subject.settle(await subject.trigger({}));
    return subject;
  }

  get host(): string {
    return `${this.name}.localhost`;
  }

  /** A third of the requests come from visitors who keep cookies. */
  visitors(perSecond: number, change: Partial<VisitOptions> = {}): VisitOptions {
    const paths = { '/': 60, '/products/17': 30, '/search': 6, '/checkout': 4 };
    const { routerPort: port } = this.stage.platform;
    return { port, host: this.host, perSecond, paths, keeping: 33, keepers: 200, timeoutMs: 10_000, ...change };
  }

  /** A new commit; resolves to the number of its deployment, which has only been asked for. */
  async trigger(fault: Fault): Promise<number> {
    this.#revision += 1;
    const files = { 'fault.json': `${JSON.stringify(fault)}\n`, 'revision.txt': `${this.#revision}\n` };
    await this.#repository.commit(files);
    return this.stage.trigger(this.name);
  }

  async settle(number: number): Promise<WireDeploymentDetail> {
    const detail = await this.stage.settle(this.name, number);
    const { state, reason } = detail.deployment;
    if (state !== 'completed') throw new Error(`#${number} of ${this.name} is ${state}: ${reason}`);
    return detail;
  }

  /** It gets traffic, perhaps only its first share. */
  inTraffic(number: number): Promise<WireDeploymentDetail> {
    return this.stage.until(`#${number} of ${this.name} to be in traffic`, async () => {
      const detail = await this.stage.detail(this.name, number);
      return detail.deployment.readyAt === null ? null : detail;
    });
  }

  rollBack(): Promise<WireDeployment> {
    return this.stage.must('POST', `/api/projects/${this.name}/environments/production/rollback`, {});
  }

  /** The events of this kind, with when they were written (epoch ms). */
  async events<K extends WireTimelineEntry['event']['kind']>(
    number: number,
    kind: K,
  ): Promise<readonly { readonly at: number; readonly event: EventOf<K> }[]> {
    const entries = await this.stage.timeline(this.name, number);
    return entries.flatMap(({ at, event }) =>
      event.kind === kind ? [{ at: Date.parse(at), event: event as EventOf<K> }] : [],
    );
  }

  async text(number: number): Promise<string> {
    const entries = await this.stage.timeline(this.name, number);
    return entries.map(({ at, text }) => `${at.slice(14, 23)} ${text}`).join('\n');
  }
}

const rollbackApp = new URL('../apps/rollback-app/', import.meta.url);
export const streamingApp = new URL('../apps/bench-app/', import.meta.url);

async function filesOf(directory: URL): Promise<Record<string, string>> {
  const names = await readdir(directory);
  const files = await Promise.all(names.map(async (name) => [name, await readFile(new URL(name, directory), 'utf8')]));
  return Object.fromEntries(files) as Record<string, string>;
}

export function pause(ms: number): Promise<void> {
  return sleep(ms);
}
