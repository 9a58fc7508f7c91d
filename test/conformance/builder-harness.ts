import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { get as httpGet } from 'node:http';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { after, before, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import Docker from 'dockerode';
import { extract } from 'tar-fs';
import type { BuildPlan } from '../../src/domain/build-plan.ts';
import { defaultBuildSettings, type BuildSettings } from '../../src/domain/build-settings.ts';
import { CutoverError } from '../../src/domain/errors.ts';
import { createBuildKitBuilder } from '../../src/drivers/build/buildkit/builder.ts';
import { createPlanner } from '../../src/drivers/build/planner/planner.ts';
import type { BuildLine, BuildRequest, BuiltImage } from '../../src/engine/ports/builder.ts';

const socketPath = '/var/run/docker.sock';
export const docker = new Docker({ socketPath });
export const builder = createBuildKitBuilder({ socketPath });
export const run = randomUUID().slice(0, 8);
export const runLabel = 'cutover.test.builder';
export const base = 'cutover/base-static';
export const never = new AbortController().signal;

export async function temporaryDirectory(t: TestContext): Promise<string> {
  const path = await mkdtemp('/tmp/cutover-test-builder-');
  t.after(() => rm(path, { recursive: true, force: true }));
  return path;
}

export function dockerfilePlan(lines: readonly string[], change: Partial<BuildPlan> = {}): BuildPlan {
  return {
    preset: 'dockerfile',
    explanation: [],
    dockerfile: `${lines.join('\n')}\n`,
    target: null,
    baseImages: [base],
    buildArgs: {},
    output: { type: 'image' },
    ...change,
  };
}

export function requestFor(contextPath: string, plan: BuildPlan, change: Partial<BuildRequest> = {}): BuildRequest {
  const tag = `cutover-test-builder-${run}:${randomUUID().slice(0, 8)}`;
  const labels = { [runLabel]: run };
  const fixed = { noCache: false, secrets: [], cacheScope: run, timeoutMs: 120_000 };
  return { deploymentId: run, contextPath, plan, tag, labels, ...fixed, ...change };
}

interface Outcome {
  readonly image: BuiltImage;
  readonly lines: readonly BuildLine[];
}

export async function build(wanted: BuildRequest, signal = never): Promise<Outcome> {
  const lines: BuildLine[] = [];
  const image = await builder.build(wanted, (line) => lines.push(line), signal);
  return { image, lines };
}

export async function failure(wanted: BuildRequest, signal = never): Promise<CutoverError> {
  const error: unknown = await build(wanted, signal).then(
    () => assert.fail('the build succeeded'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof CutoverError, String(error));
  return error;
}

export async function until<T>(what: string, probe: () => Promise<T | null>, limitMs = 20_000): Promise<T> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    const found = await probe();
    if (found !== null) return found;
    assert.ok(Date.now() < deadline, `waited too long for ${what}`);
    await delay(25);
  }
}

async function get(address: string, port: number): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  httpGet({ host: address, port, timeout: 2000 }, (response) => {
    response.toArray().then((chunks) => resolve(Buffer.concat(chunks as Buffer[]).toString()), reject);
  }).on('error', reject);
  return promise;
}

/** Runs the image, waits for its answer, stops it with SIGTERM, and tells how it exited. */
export async function serveOnce(t: TestContext, imageId: string, port: number) {
  const container = await docker.createContainer({ Image: imageId, Labels: { [runLabel]: run } });
  t.after(() => container.remove({ force: true }).catch(() => undefined));
  await container.start();
  const address = await addressOf(container);
  const body = await until('the first answer', () => get(address, port).catch(() => null));
  const began = Date.now();
  await container.stop({ t: 8 });
  const { State } = await container.inspect();
  return { body, exitCode: State.ExitCode, stopMs: Date.now() - began };
}

async function imagesOfRun(): Promise<Docker.ImageInfo[]> {
  return docker.listImages({ filters: { label: [`${runLabel}=${run}`] } });
}

export async function planned(checkout: string, change: Partial<BuildSettings> = {}): Promise<BuildPlan> {
  return createPlanner().plan(checkout, { ...defaultBuildSettings, ...change });
}

/** Files of the image below `path`, by name. */
export async function exported(t: TestContext, imageId: string, path: string): Promise<Record<string, string>> {
  const target = await temporaryDirectory(t);
  await pipeline(Readable.from(await builder.exportFiles(imageId, path, never)), extract(target));
  const entries = await readdir(target, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Object.fromEntries(
    await Promise.all(
      files.map(async (file) => [file.slice(target.length + 1), await readFile(file, 'utf8')] as const),
    ),
  );
}

export function isRunning(marker: string): Promise<boolean> {
  return readdir('/proc').then(async (names) => {
    const commands = names
      .filter((name) => /^\d+$/.test(name))
      .map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''));
    return (await Promise.all(commands)).some((command) => command.includes(marker));
  });
}

export async function containersOfExport(imageId: string): Promise<readonly unknown[]> {
  return docker.listContainers({ all: true, filters: { ancestor: [imageId] } });
}

async function addressOf(container: Docker.Container): Promise<string> {
  const networks = Object.values((await container.inspect()).NetworkSettings.Networks);
  return networks[0]?.IPAddress ?? assert.fail('the container has no address');
}

/** Removes what this file's tests built, once they have ended. */
export function cleanImagesAfterwards(): void {
  before(() => docker.ping());
  after(async () => {
    for (const image of await imagesOfRun()) await docker.getImage(image.Id).remove({ force: true });
  });
}
