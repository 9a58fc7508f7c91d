import semver from 'semver';
import type { BuildPlan } from '../../../../domain/build-plan.ts';
import { notDetected, type App } from '../app.ts';
import { visibleVariables } from '../build-variables.ts';
import { dockerfileOf, shell } from '../dockerfile-text.ts';
import { chooseBuildStep } from '../node/build-step.ts';
import { installStages } from '../node/install-stages.ts';
import { readNodeApp } from '../node/node-app.ts';
import { buildStage } from '../node/server-image.ts';
import { memberAt, memberOf, namesOf, parseJson, textOf } from '../plain-data.ts';
import { givenStart } from '../start.ts';
import { phpExtensionLines } from './php-extensions.ts';

const availableVersions = ['8.2', '8.3', '8.4'] as const;
const composerImage = 'composer:2';
const home = '/var/www/html';

/** PHP behind Apache, with the packages of Composer and, where package.json builds something, its files. */
export async function planPhp(app: App, seen: readonly string[]): Promise<BuildPlan> {
  const { files, settings } = app;
  const text = await files.read('composer.json');
  const composer = text === null ? null : parseJson(text, 'composer.json');
  const laravel = await files.isFile('artisan');
  const root = (await files.isFile('public/index.php')) ? 'public' : '';
  if (root === '' && !(await files.isFile('index.php')))
    throw notDetected('nothing answers requests; looked for: public/index.php, index.php');
  const version = choosePhpVersion(composer);
  const image = `php:${version.version}-apache`;
  const assets = laravel ? await assetStages(app) : null;
  const start = await givenStart(app);
  const extensions = [
    ...namesOf(memberOf(composer, 'require')),
    ...(laravel ? ['ext-pdo_mysql', 'ext-pdo_pgsql', 'ext-bcmath', 'ext-zip'] : []),
  ];
  const last = [
    `FROM ${image}`,
    ...phpExtensionLines(extensions),
    `WORKDIR ${home}`,
    ...apacheLines(root),
    ...visibleVariables(settings),
    'RUN chown 1000:1000 .',
    'USER 1000:1000',
    ...(composer === null ? [] : composerLines(await files.isFile('composer.lock'), settings.installCommand)),
    'COPY --chown=1000:1000 . .',
    ...(composer === null ? [] : ['RUN composer dump-autoload --optimize --no-dev']),
    ...(assets === null ? [] : [`COPY --from=build --chown=1000:1000 /app/public/build ./public/build`]),
    ...(settings.buildCommand === null ? [] : [`RUN ${shell(settings.buildCommand)}`]),
    `CMD ${JSON.stringify(start?.command ?? ['apache2-foreground'])}`,
  ];
  const served = root === '' ? 'the app directory' : '`public`';
  return {
    preset: 'php',
    explanation: [
      ...seen,
      start?.reason ?? `Apache serves ${served}`,
      version.reason,
      ...(assets === null ? [] : ['assets built on Node']),
    ],
    dockerfile: assets === null ? dockerfileOf(last) : dockerfileOf(...assets.stages, last),
    target: null,
    baseImages: [...(assets === null ? [] : [assets.image]), image, ...(composer === null ? [] : [composerImage])],
    buildArgs: settings.buildEnv,
    output: { type: 'image' },
  };
}

/** Laravel's Vite leaves its files in public/build; null where package.json builds nothing. */
async function assetStages(
  app: App,
): Promise<{ readonly image: string; readonly stages: readonly (readonly string[])[] } | null> {
  if (!(await app.files.isFile('package.json'))) return null;
  const node = await readNodeApp(
    { ...app, settings: { ...app.settings, installCommand: null, buildCommand: null } },
    'php',
  );
  const build = await chooseBuildStep(node, null);
  if (build.lines.length === 0) return null;
  return { image: node.image, stages: [installStages(node, 'all'), buildStage({ app: node, build })] };
}

/** `config.platform.php`, else what composer.json requires, else the newest. */
function choosePhpVersion(composer: unknown): { readonly version: string; readonly reason: string } {
  const wish = textOf(memberAt(composer, 'config', 'platform', 'php')) ?? textOf(memberAt(composer, 'require', 'php'));
  const newest = availableVersions.at(-1) ?? '8.4';
  if (wish === null) return { version: newest, reason: `PHP ${newest}, the default (no version is asked for)` };
  const range = semver.validRange(wish.replaceAll(/\s*\|\|?\s*/g, ' || ').replaceAll(',', ' '));
  const fitting =
    range === null ? undefined : availableVersions.findLast((version) => semver.intersects(range, `${version}.x`));
  if (fitting !== undefined) return { version: fitting, reason: `PHP ${fitting} from \`composer.json\`` };
  return { version: newest, reason: `PHP ${newest} (\`composer.json\` asks for "${wish}", which is not available)` };
}

/** On the port that the platform gives, without root. */
function apacheLines(root: string): readonly string[] {
  const served = root === '' ? home : `${home}/${root}`;
  return [
    'ENV PORT=3000',
    'RUN a2enmod rewrite' +
      " && sed -i 's/^Listen 80$/Listen ${PORT}/' /etc/apache2/ports.conf" +
      ` && sed -i -e 's/:80>/:\${PORT}>/' -e 's!DocumentRoot .*!DocumentRoot ${served}!' /etc/apache2/sites-available/000-default.conf`,
  ];
}

function composerLines(locked: boolean, installCommand: string | null): readonly string[] {
  const copy = `COPY --from=${composerImage} /usr/bin/composer /usr/local/bin/composer`;
  if (installCommand !== null) return [copy, 'COPY --chown=1000:1000 . .', `RUN ${shell(installCommand)}`];
  const inputs = locked ? 'composer.json composer.lock' : 'composer.json';
  return [
    copy,
    'ENV COMPOSER_HOME=/tmp/composer',
    `COPY --chown=1000:1000 ${inputs} ./`,
    'RUN composer install --no-dev --no-interaction --no-progress --no-scripts --no-autoloader --prefer-dist',
  ];
}
