import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import Docker from 'dockerode';
import type { BuildPlan } from '../../../src/domain/build-plan.ts';
import { defaultBuildSettings, type BuildSettings } from '../../../src/domain/build-settings.ts';
import { createBuildKitBuilder } from '../../../src/drivers/build/buildkit/builder.ts';
import { createPlanner } from '../../../src/drivers/build/planner/planner.ts';
import type { BuildLine, BuiltImage } from '../../../src/engine/ports/builder.ts';

export const socketPath = process.env['CUTOVER_DOCKER_SOCKET'] ?? '/var/run/docker.sock';
const docker = new Docker({ socketPath });
export const builder = createBuildKitBuilder({ socketPath });
export const benchLabel = 'cutover.bench.build-apps';
const buildLimitMs = 1_200_000;

export interface AppBuild {
  readonly plan: BuildPlan;
  /** Null where the files are in the checkout already. */
  readonly image: BuiltImage | null;
  /** Of planning and building. */
  readonly seconds: number;
  readonly lines: readonly BuildLine[];
}

/** Plans and builds as the platform does. Errors: those of planner and builder; a failed build's message has its last lines. */
export async function buildApp(
  checkout: string,
  settings: Partial<BuildSettings>,
  options: { readonly run: string; readonly scope: string; readonly noCache: boolean },
): Promise<AppBuild> {
  const lines: BuildLine[] = [];
  const whole = { ...defaultBuildSettings, ...settings };
  const startedAt = performance.now();
  const plan = await createPlanner().plan(checkout, whole);
  const image = plan.dockerfile === null ? null : await build();
  return { plan, image, seconds: (performance.now() - startedAt) / 1000, lines };

  function build(): Promise<BuiltImage> {
    const request = {
      deploymentId: options.run,
      contextPath: join(checkout, plan.contextDirectory ?? whole.directory),
      plan,
      tag: `cutover-bench-build-apps:${randomUUID().slice(0, 12)}`,
      labels: { [benchLabel]: options.run },
      noCache: options.noCache,
      secrets: [],
      cacheScope: options.scope,
      timeoutMs: buildLimitMs,
    };
    return builder.build(request, (line) => lines.push(line), new AbortController().signal);
  }
}

const install =
  /RUN .*\b(?:npm ci|npm install|pnpm install|yarn install|bun install|yarn workspaces focus|pip install)\b/;

/** Steps that installed packages in this build although nothing about packages had changed. */
export function installedAgain({ lines }: AppBuild): readonly string[] {
  const texts = lines.map(({ text }) => text);
  return texts.filter((text) => {
    const label = /^\[[^\]]+\](?= RUN )/.exec(text)?.[0];
    return label !== undefined && install.test(text) && !texts.includes(`${label} cached`);
  });
}

/** What the image holds besides its base image, in bytes. */
export async function ownBytes({ plan, image }: AppBuild): Promise<number> {
  if (image === null) return 0;
  const base = plan.baseImages.at(-1);
  const from = base === undefined ? 0 : (await docker.getImage(base).inspect()).Size;
  return image.sizeBytes - from;
}

/** Removes the images of one run of the bench. */
export async function removeImages(run: string): Promise<void> {
  const images = await docker.listImages({ filters: { label: [`${benchLabel}=${run}`] } });
  for (const { Id } of images) await docker.getImage(Id).remove({ force: true });
}

/** The last lines that a container wrote. */
export async function lastWords(containerLabel: string): Promise<string> {
  const [found] = await docker.listContainers({ all: true, filters: { label: [containerLabel] } });
  if (found === undefined) return 'the container is gone';
  const output = await docker.getContainer(found.Id).logs({ stdout: true, stderr: true, tail: 40 });
  return `${found.Status}\n${output.toString('utf8')}`;
}
