import { request } from 'node:http';
import type { WirePreview } from '../../src/contract/schemas/preview.ts';
import type { Stage } from '../e2e/stage.ts';
import { containersOf } from '../e2e/world.ts';

const project = 'shop';
const base = `/api/projects/${project}`;

/** A preview, `pr-1`, that sleeps after a second without a request. */
export class Sleeper {
  static readonly host = `pr-1-${project}.localhost`;
  readonly #stage: Stage;

  private constructor(stage: Stage) {
    this.#stage = stage;
  }

  static async create(stage: Stage, files: Readonly<Record<string, string>>): Promise<Sleeper> {
    const repository = await stage.project(project, files, { stopGraceMs: 1_000 });
    await stage.must('PATCH', `${base}/preview-settings`, { sleepAfterMs: 1_000 });
    const commit = await repository.commit({ ...files }, { branch: 'one' });
    await stage.must('POST', `${base}/previews`, { pullRequest: 1, branch: 'one', commit });
    const sleeper = new Sleeper(stage);
    await stage.until('it to be there', async () => ((await sleeper.deployed()) ? true : null));
    return sleeper;
  }

  show(): Promise<WirePreview> {
    return this.#stage.must('GET', `${base}/previews/pr-1`);
  }

  /** And nothing of it is left. */
  async untilAsleep(): Promise<void> {
    await this.#stage.until('it to be asleep', async () => {
      const preview = await this.show().catch(() => null);
      return preview?.asleepSince == null || (await this.containers()) > 0 ? null : true;
    });
  }

  async containers(): Promise<number> {
    return (await containersOf(this.#stage.platform, project)).length;
  }

  async imageId(): Promise<string> {
    const { artifact } = (await this.#stage.detail(project, 1)).deployment;
    if (artifact?.type !== 'image') throw new Error('it has no image');
    return artifact.imageId;
  }

  async deployed(): Promise<boolean> {
    return (await this.show()).deployment?.state === 'completed';
  }

  /** A POST with so many bytes; resolves to the status, 0 where the connection is lost. */
  visit(bytes: number): Promise<number> {
    const address = { host: '127.0.0.1', port: this.#stage.platform.routerPort, agent: false };
    return new Promise((resolve) => {
      const outgoing = request({ ...address, method: 'POST', headers: { host: Sleeper.host } }, (incoming) => {
        incoming.resume();
        incoming.on('end', () => resolve(incoming.statusCode ?? 0));
        incoming.on('error', () => resolve(0));
      });
      outgoing.on('error', () => resolve(0));
      outgoing.end(Buffer.alloc(bytes, 1));
    });
  }
}
