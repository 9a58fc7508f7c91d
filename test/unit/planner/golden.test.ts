import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import type { BuildPlan } from '../../../src/domain/build-plan.ts';
import { defaultBuildSettings } from '../../../src/domain/build-settings.ts';
import { readStages } from '../../../src/drivers/build/planner/dockerfile-stages.ts';
import { planOf, withoutCaches } from './fixture.ts';
import { frameworks } from './layouts/frameworks.ts';
import { languages } from './layouts/languages.ts';
import type { Layouts } from './layouts/layout.ts';
import { otherLanguages } from './layouts/other-languages.ts';
import { servers } from './layouts/servers.ts';

const layouts: Layouts = { ...servers, ...frameworks, ...languages, ...otherLanguages };
const directory = new URL('golden/', import.meta.url);

describe('3.1 plans of whole repositories, for people to read (UPDATE_GOLDEN=1 writes them anew)', () => {
  for (const [name, { files, settings }] of Object.entries(layouts)) {
    it(name, async (t) => {
      const plan = await planOf(t, files, settings);
      const text = render(plan, settings?.directory ?? defaultBuildSettings.directory);
      const golden = new URL(`${name}.Dockerfile`, directory);
      if (process.env['UPDATE_GOLDEN'] === '1') {
        await mkdir(directory, { recursive: true });
        await writeFile(golden, text);
      }
      assert.equal(text, await readFile(golden, 'utf8'));
      keepsThePromises(plan);
    });
  }

  it('there is no golden file without its layout, and there are at least 40', async () => {
    const names = (await readdir(directory)).map((file) => file.replace(/\.Dockerfile$/, ''));
    assert.deepEqual(names.toSorted(), Object.keys(layouts).toSorted());
    assert.ok(names.length >= 40, String(names.length));
  });
});

/** The plan as comments, and its Dockerfile. */
function render(plan: BuildPlan, app: string): string {
  const { preset, explanation, baseImages, output, contextDirectory } = plan;
  const head = [
    `# preset: ${preset}`,
    ...explanation.map((reason) => `# why: ${reason}`),
    `# base images: ${baseImages.join(', ')}`,
    `# context: ${contextDirectory ?? app}/`,
    `# output: ${JSON.stringify(output)}`,
  ];
  return `${head.join('\n')}\n${plan.dockerfile === null ? '' : `\n${plan.dockerfile}`}`;
}

/** What holds for every Dockerfile that the planner writes. */
function keepsThePromises(plan: BuildPlan): void {
  const text = plan.dockerfile;
  if (text === null) return assert.deepEqual(plan.baseImages, []);
  const { baseImages, names } = readStages(text, plan.buildArgs, null);
  assert.deepEqual(plan.baseImages, baseImages, 'base images are what the Dockerfile starts FROM');
  assert.equal(new Set(names).size, names.length, 'no stage is named twice');
  assert.doesNotMatch(
    withoutCaches(plan),
    /<<|--link|--mount|#\s*syntax|--exclude/,
    'only the syntax that every builder knows',
  );
  assert.doesNotMatch(text, /--mount=\S*\bid=/, 'ids of caches are for whoever knows the project');
  const copied = [...text.matchAll(/--from=(\S+)/g)].map(([, name]) => name ?? '');
  for (const name of copied) assert.ok(names.includes(name) || baseImages.includes(name), `there is a stage ${name}`);
  assert.ok(
    !baseImages.some((image) => !image.includes(':') || image.endsWith(':latest')),
    'every base image has a tag',
  );
  if (plan.output.type !== 'image') return;
  const last = text.slice(Math.max(0, text.lastIndexOf('\nFROM ')));
  assert.match(last, /^USER [1-9]/m, 'the image does not run as root');
  assert.match(last, /^CMD \[".*"\]$/m, 'the first process is given as a list');
}
