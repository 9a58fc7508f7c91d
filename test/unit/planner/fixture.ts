import { mkdtemp, rm } from 'node:fs/promises';
import type { TestContext } from 'node:test';
import type { BuildPlan } from '../../../src/domain/build-plan.ts';
import { defaultBuildSettings, type BuildSettings } from '../../../src/domain/build-settings.ts';
import { createPlanner } from '../../../src/drivers/build/planner/planner.ts';
import { writeFiles, type SampleFiles } from '../../harness/sample-apps.ts';

export async function temporaryDirectory(t: TestContext): Promise<string> {
  const path = await mkdtemp('/tmp/cutover-test-planner-');
  t.after(() => rm(path, { recursive: true, force: true }));
  return path;
}

/** The plan for a checkout with these files. */
export async function planOf(
  t: TestContext,
  files: SampleFiles,
  settings: Partial<BuildSettings> = {},
): Promise<BuildPlan> {
  const checkout = await temporaryDirectory(t);
  await writeFiles(checkout, files);
  return createPlanner().plan(checkout, { ...defaultBuildSettings, ...settings });
}

/** The Dockerfile without what its steps keep for the next build. */
export function withoutCaches(plan: BuildPlan): string {
  return (plan.dockerfile ?? '').replaceAll(/--mount=type=cache,\S+ /g, '');
}

/** Arguments of the last CMD. */
export function commandOf(plan: BuildPlan): readonly string[] {
  const line = plan.dockerfile?.split('\n').findLast((candidate) => candidate.startsWith('CMD ')) ?? 'CMD []';
  return JSON.parse(line.slice(4)) as string[]; // oxlint-disable-line typescript/no-unsafe-type-assertion
}

export const nodeApp = { scripts: { start: 'node server.js' } };
