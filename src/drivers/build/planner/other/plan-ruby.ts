import type { BuildPlan } from '../../../../domain/build-plan.ts';
import { notDetected, startMissing, type App } from '../app.ts';
import type { AppFiles } from '../app-files.ts';
import { visibleVariables } from '../build-variables.ts';
import { installDebian } from '../debian.ts';
import { dockerfileOf, shell } from '../dockerfile-text.ts';
import { givenStart, type StartCommand } from '../start.ts';

const defaultVersion = '3.4';
const port = '${PORT:-3000}';

/** Debian packages that gems need: to be built, and to run. */
const gemNeeds: readonly (readonly [gem: string, build: string, run: string])[] = [
  ['pg', 'libpq-dev', 'libpq5'],
  ['mysql2', 'default-libmysqlclient-dev', 'libmariadb3'],
  ['ruby-vips', 'libvips-dev', 'libvips42'],
  ['rmagick', 'libmagickwand-dev', 'imagemagick'],
];

/** Rails, Sinatra and whatever else Rack runs. Errors: `app_not_detected` where gems build their assets with Node. */
export async function planRuby(app: App, seen: readonly string[]): Promise<BuildPlan> {
  const { files, settings } = app;
  const gemfile = await files.read('Gemfile');
  if (gemfile === null) throw notDetected('the preset is ruby, but there is no Gemfile in the app directory');
  const lock = await files.read('Gemfile.lock');
  const gems = gemNames(gemfile, lock);
  const onNode = ['jsbundling-rails', 'cssbundling-rails'].find((gem) => gems.has(gem));
  if (onNode !== undefined)
    throw notDetected(
      `the gem \`${onNode}\` builds assets with Node, which is not known yet for Ruby: add a Dockerfile`,
    );
  const start = await chooseRubyStart(app, gems);
  const version = await chooseRubyVersion(files, gemfile);
  const image = `ruby:${version.version}-slim`;
  const needs = gemNeeds.filter(([gem]) => gems.has(gem));
  const rails = await files.isFile('config/application.rb');
  const assets = rails && (gems.has('propshaft') || gems.has('sprockets-rails'));
  return {
    preset: 'ruby',
    explanation: [
      ...seen,
      start.reason,
      version.reason,
      ...(lock === null ? ['no Gemfile.lock, so versions may change from build to build'] : []),
      ...(assets ? ['assets are compiled'] : []),
    ],
    dockerfile: dockerfileOf(
      [
        `FROM ${image} AS build`,
        ...installDebian(['build-essential', 'git', 'libyaml-dev', 'pkg-config', ...needs.map(([, build]) => build)]),
        'WORKDIR /app',
        ...environment(lock !== null),
        ...visibleVariables(settings),
        ...installLines(files, settings.installCommand, lock !== null),
        ...(settings.buildCommand === null
          ? assets
            ? ['RUN SECRET_KEY_BASE_DUMMY=1 bundle exec rails assets:precompile']
            : []
          : [`RUN ${shell(settings.buildCommand)}`]),
      ],
      [
        `FROM ${image}`,
        ...installDebian(needs.map(([, , run]) => run)),
        'WORKDIR /app',
        'RUN chown 1000:1000 /app',
        'COPY --from=build --chown=1000:1000 /gems /gems',
        'COPY --from=build --chown=1000:1000 /app ./',
        ...environment(lock !== null),
        ...(rails ? ['ENV RAILS_LOG_TO_STDOUT=1 RAILS_SERVE_STATIC_FILES=1'] : []),
        'USER 1000:1000',
        `CMD ${JSON.stringify(start.command)}`,
      ],
    ),
    target: null,
    baseImages: [image],
    buildArgs: settings.buildEnv,
    output: { type: 'image' },
  };
}

/** Errors: `start_command_missing` where Rack finds nothing to run. */
async function chooseRubyStart(app: App, gems: ReadonlySet<string>): Promise<StartCommand> {
  const said = await givenStart(app);
  if (said !== null) return said;
  if (!(await app.files.isFile('config.ru'))) {
    throw startMissing('nothing says how the app starts; looked for: config.ru, `web` of cutover.yaml or a Procfile');
  }
  if (gems.has('puma')) return byShell(`bundle exec puma -b tcp://0.0.0.0:${port}`, '`config.ru`, started by Puma');
  if (gems.has('falcon'))
    return byShell(`bundle exec falcon serve --bind http://0.0.0.0:${port}`, '`config.ru`, started by Falcon');
  if (gems.has('rackup')) return byShell(`bundle exec rackup -o 0.0.0.0 -p ${port}`, '`config.ru`, started by rackup');
  throw startMissing(
    '`config.ru` is there, but none of the gems puma, falcon and rackup: add one, or set the start command',
  );
}

function byShell(line: string, reason: string): StartCommand {
  return { command: ['sh', '-c', `exec ${line}`], reason };
}

function environment(locked: boolean): readonly string[] {
  const deployment = locked ? ' BUNDLE_DEPLOYMENT=1' : '';
  return [
    `ENV BUNDLE_PATH=/gems BUNDLE_WITHOUT=development:test${deployment} RAILS_ENV=production RACK_ENV=production`,
  ];
}

function installLines(files: AppFiles, installCommand: string | null, locked: boolean): readonly string[] {
  if (installCommand !== null) return ['COPY . .', `RUN ${shell(installCommand)}`];
  const inputs = [
    'Gemfile',
    ...(locked ? ['Gemfile.lock'] : []),
    ...files.names.filter((name) => name === '.ruby-version'),
  ];
  return [`COPY ${inputs.join(' ')} ./`, 'RUN bundle install', 'COPY . .'];
}

/** Of the lock file, with what gems need themselves; without one those that the Gemfile names. */
function gemNames(gemfile: string, lock: string | null): ReadonlySet<string> {
  const pattern = lock === null ? /^[ \t]*gem[ \t]+["']([\w-]+)["']/gm : /^ {4}([\w-]+) \(/gm;
  return new Set([...(lock ?? gemfile).matchAll(pattern)].map(([, name]) => name ?? ''));
}

async function chooseRubyVersion(
  files: AppFiles,
  gemfile: string,
): Promise<{ readonly version: string; readonly reason: string }> {
  const wishes = [
    { from: '.ruby-version', text: await files.read('.ruby-version') },
    { from: '.tool-versions', text: /^ruby[ \t]+(\S+)/m.exec((await files.read('.tool-versions')) ?? '')?.[1] ?? null },
    { from: 'Gemfile', text: /^[ \t]*ruby[ \t]+["'](?:~>\s*|>=\s*)?([\d.]+)["']/m.exec(gemfile)?.[1] ?? null },
  ];
  for (const { from, text } of wishes) {
    const version = /^\s*(?:ruby-)?(\d+\.\d+(?:\.\d+)?)\s*$/.exec(text ?? '')?.[1];
    if (version !== undefined) return { version, reason: `Ruby ${version} from \`${from}\`` };
  }
  return { version: defaultVersion, reason: `Ruby ${defaultVersion}, the default (no version is asked for)` };
}
