import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { buildApp, installedAgain, ownBytes, removeImages, type AppBuild } from './build-apps/app-builds.ts';
import { benchApps } from './build-apps/bench-apps.ts';
import { greeting, otherGreeting, type BenchApp } from './build-apps/bench-app.ts';
import { checkOut } from './build-apps/checkout.ts';
import { compare } from './build-apps/comparisons.ts';
import { startApp } from './build-apps/running-app.ts';
import { atLeast, reported, type Bench, type Figure } from './figure.ts';

const bench = 'build';

/** What was measured of one app. */
interface Measured {
  readonly app: string;
  readonly preset: string;
  readonly coldSeconds: number;
  readonly changedSeconds: number;
  readonly imageMb: number;
  readonly ownMb: number;
  readonly startMs: number;
}

/**
 * Small apps of many kinds, each planned and built by the product itself: cold, and again with one source line changed; then started and asked for its page
 * and one of its files. `only` takes names of apps, and `comparisons`; `full` tells every line of the second build.
 */
export const measureApps: Bench = async ({ only, quick, full, say }) => {
  const run = randomUUID();
  const figures: Figure[] = [];
  const rows: Measured[] = [];
  for (const app of benchApps.filter(({ name }) => only === undefined || only.includes(name))) {
    const measured = await measureApp(app, run, full === true ? say : () => {}).catch((error: unknown) => {
      say(`${app.name}: ${error instanceof Error ? error.message : String(error)}`);
      return null;
    });
    await removeImages(run);
    const metric = `${app.name}: built, started and answered`;
    figures.push(atLeast(1, { bench, metric, value: measured === null ? 0 : 1, unit: 'of 1' }));
    if (measured === null) continue;
    rows.push(measured);
    say(rowOf(measured));
    figures.push(
      reported({ bench, metric: `${app.name}: one line changed`, value: measured.changedSeconds, unit: 's' }),
    );
  }
  if (only === undefined || only.includes('comparisons')) {
    figures.push(...(await compare({ run, rounds: quick ? 1 : 3, say })));
  }
  for (const line of [head, rule, ...rows.map(rowOf)]) console.error(line);
  return figures;
};

async function measureApp(app: BenchApp, run: string, tell: (line: string) => void): Promise<Measured> {
  await using checkout = await checkOut(app);
  const { path } = checkout;
  const build = (noCache: boolean) => buildApp(path, app.settings ?? {}, { run, scope: `${run}/${app.name}`, noCache });
  const cold = await build(true);
  if (cold.plan.preset !== app.preset) throw new Error(`planned as ${cold.plan.preset}, not ${app.preset}`);
  await answersWith(app, cold, path, greeting);
  await checkout.say(otherGreeting);
  const changed = await build(false);
  for (const { text } of changed.lines) tell(text);
  const again = installedAgain(changed);
  if (again.length > 0) throw new Error(`packages were installed again for a changed source line: ${again.join('; ')}`);
  const { startMs, bundleBytes } = await answersWith(app, changed, path, otherGreeting);
  return {
    app: app.name,
    preset: app.preset,
    coldSeconds: cold.seconds,
    changedSeconds: changed.seconds,
    imageMb: (bundleBytes ?? changed.image?.sizeBytes ?? 0) / 1e6,
    ownMb: (bundleBytes ?? (await ownBytes(changed))) / 1e6,
    startMs,
  };
}

/** Starts it and asks; the page or the asset has to say the text. */
async function answersWith(app: BenchApp, build: AppBuild, checkout: string, text: string) {
  const path = app.page ?? '/';
  await using running = await startApp(build, join(checkout, app.settings?.directory ?? ''), path);
  const { startMs, bundleBytes } = running;
  const page = await running.get(path);
  const assetPath = typeof app.asset === 'string' ? app.asset : (app.asset.exec(page.body)?.[0] ?? '');
  if (assetPath === '')
    throw new Error(`the page names no asset like ${String(app.asset)}: ${page.body.slice(0, 500)}`);
  const asset = await running.get(assetPath.startsWith('/') ? assetPath : `/${assetPath}`);
  if (asset.status !== 200) throw new Error(`${assetPath} answers ${asset.status}: ${asset.body.slice(0, 300)}`);
  const words = page.body.replaceAll('<!-- -->', '') + asset.body;
  if (!words.includes(text))
    throw new Error(`"${text}" is neither in ${path} nor in ${assetPath}: ${page.body.slice(0, 500)}`);
  return { startMs, bundleBytes };
}

const head = '| app | preset | cold, s | one line changed, s | image, MB | of it its own, MB | start, ms |';
const rule = '|---|---|---|---|---|---|---|';

function rowOf(row: Measured): string {
  const cells = [
    row.app,
    `\`${row.preset}\``,
    row.coldSeconds.toFixed(1),
    row.changedSeconds.toFixed(1),
    row.imageMb.toFixed(row.imageMb < 10 ? 1 : 0),
    row.ownMb.toFixed(row.ownMb < 10 ? 1 : 0),
    row.startMs.toFixed(0),
  ];
  return `| ${cells.join(' | ')} |`;
}
