import { randomUUID } from 'node:crypto';
import { openAsBlob } from 'node:fs';
import type { WireDeployment, WireDeploymentDetail } from '../../src/contract/schemas/deployment.ts';
import type { WireEnvironment, WireSettingsChange } from '../../src/contract/schemas/environment.ts';
import { isBuilt } from '../../src/domain/deployment-kind.ts';
import type { Stage } from '../e2e/stage.ts';
import type { TestRepository } from '../harness/git-server.ts';
import { tarOf } from '../unit/archive/archives.ts';
import { goodApp } from './crash-app.ts';
import { SavedImage } from './saved-image.ts';

export const drainTimeoutMs = 2_000;

const settings: WireSettingsChange = {
  observationMs: 0,
  drainTimeoutMs,
  stopGraceMs: 1_000,
  health: { startPeriodMs: 3_000, intervalMs: 300, timeoutMs: 1_000, unhealthyThreshold: 3 },
};
const insistLimitMs = 60_000;
const uploadLimitMs = 30_000;

/** The project that is deployed again and again while the control plane dies. Two good versions of it are deployed to begin with. */
export class Subject implements AsyncDisposable {
  static readonly project = 'crash';
  static readonly host = 'crash.localhost';
  readonly stage: Stage;
  readonly #repository: TestRepository;
  /** Numbers of the deployments that were completed, by their ids. */
  readonly #completed = new Map<string, number>();
  /** Of those among them that were built. */
  readonly #good: number[] = [];
  #saved: SavedImage | null = null;

  private constructor(stage: Stage, repository: TestRepository) {
    this.stage = stage;
    this.#repository = repository;
  }

  static async create(stage: Stage): Promise<Subject> {
    const files = Object.entries(goodApp()).filter((entry): entry is [string, string] => entry[1] !== null);
    const repository = await stage.project(Subject.project, Object.fromEntries(files), settings);
    const subject = new Subject(stage, repository);
    for (let version = 1; version <= 2; version += 1) {
      await subject.commit(goodApp());
      const { deployment } = await stage.deploy(Subject.project);
      if (deployment.state !== 'completed') throw new Error(`the first deployments failed: ${deployment.reason}`);
      subject.learn(deployment);
    }
    return subject;
  }

  async commit(files: Readonly<Record<string, string | null>>): Promise<void> {
    await this.#repository.commit(files);
  }

  /** Resolves to the number of the deployment; asked again with the same key until there is an answer. */
  trigger(key: string = randomUUID()): Promise<number> {
    return this.#accepted('trigger-pipeline', { environment: 'production' }, key);
  }

  /** To the last good version that is not the current deployment. */
  async rollBack(): Promise<number> {
    const current = await this.current();
    const to = this.#good.findLast((number) => number !== current);
    return this.#accepted('environments/production/rollback', { to }, randomUUID());
  }

  /** Path of a good version's image, saved. */
  async tarball(): Promise<string> {
    this.#saved ??= await this.#saveImage();
    return this.#saved.path;
  }

  async #saveImage(): Promise<SavedImage> {
    const { deployment } = await this.detail(this.#good.at(-1) ?? 0);
    if (deployment.artifact?.type !== 'image') throw new Error('no good version has an image');
    return SavedImage.of(deployment.artifact.imageId);
  }

  /** As `trigger`, of an image tarball. */
  async upload(tarball: string): Promise<number> {
    return this.#send('image-upload', await openAsBlob(tarball));
  }

  /** As `trigger`, of a directory with these files. */
  async sendDirectory(files: Readonly<Record<string, string | null>>): Promise<number> {
    const entries = Object.entries(files).flatMap(([name, content]) =>
      content === null ? [] : [{ name, type: 'file', content } as const],
    );
    return this.#send('directory', new Blob([await tarOf(entries)]));
  }

  #send(way: 'image-upload' | 'directory', body: Blob, key: string = randomUUID()): Promise<number> {
    const { apiUrl, token } = this.stage.platform;
    return this.#insist(async () => {
      const response = await fetch(`${apiUrl}${this.#path}/deploy/${way}?environment=production`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'idempotency-key': key },
        body,
        signal: AbortSignal.timeout(uploadLimitMs),
      });
      const answer: unknown = await response.json();
      return response.ok ? (answer as WireDeployment).number : refuse(response.status, answer);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#saved?.[Symbol.asyncDispose]();
  }

  /** Until it is accepted, or too late because it was before. */
  async cancel(number: number): Promise<void> {
    await this.#insist(async () => {
      const { status, body } = await this.stage.call('POST', `${this.#path}/deployments/${number}/cancel`);
      return status < 300 || status === 409 ? true : refuse(status, body);
    });
  }

  detail(number: number): Promise<WireDeploymentDetail> {
    return this.stage.detail(Subject.project, number);
  }

  /** Number of the last deployment that was asked for. */
  async newest(): Promise<number | null> {
    const { deployments } = await this.stage.must<{ deployments: WireDeployment[] }>(
      'GET',
      `${this.#path}/deployments`,
    );
    return deployments[0]?.number ?? null;
  }

  /** Number of the deployment that is said to serve; null where it is none that is known. */
  async current(): Promise<number | null> {
    const path = `${this.#path}/environments/production`;
    const { currentDeploymentId } = await this.stage.must<WireEnvironment>('GET', path);
    return this.#completed.get(currentDeploymentId ?? '') ?? null;
  }

  /** How a deployment ended. */
  learn({ id, number, kind, state }: WireDeployment): void {
    if (state !== 'completed') return;
    this.#completed.set(id, number);
    if (isBuilt(kind)) this.#good.push(number);
  }

  get #path(): string {
    return `/api/projects/${Subject.project}`;
  }

  #accepted(what: string, input: object, key: string): Promise<number> {
    return this.#insist(async () => {
      const answer = await this.stage.call<WireDeployment>('POST', `${this.#path}/${what}`, input, {
        'idempotency-key': key,
      });
      return answer.status < 300 ? answer.body.number : refuse(answer.status, answer.body);
    });
  }

  /** As a caller who wants it does: again and again while nobody answers. */
  async #insist<T>(ask: () => Promise<T | null>): Promise<T> {
    return this.stage.until('the control plane to answer', () => ask().catch(unlessRefused), insistLimitMs);
  }
}

class Refused extends Error {}

/** null: it is worth asking again. */
function refuse(status: number, body: unknown): null {
  if (status >= 500) return null;
  throw new Refused(`${status} ${JSON.stringify(body)}`);
}

function unlessRefused(error: unknown): null {
  if (error instanceof Refused) throw error;
  return null;
}
